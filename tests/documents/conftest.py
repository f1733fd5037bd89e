"""Ways to read a PDF back."""

import io
import shutil
import subprocess

import pikepdf
import pytest


@pytest.fixture(scope="session")
def raw_text():
    """Function from a PDF's bytes to its text, as pdftotext lays it out."""
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext (poppler-utils) is not installed")

    def read(content: bytes, *options: str) -> str:
        command = ["pdftotext", *options, "-", "-"]
        run = subprocess.run(command, input=content, capture_output=True, check=True)
        return run.stdout.decode()

    return read


@pytest.fixture(scope="session")
def printed_text(raw_text):
    """Function from a PDF's bytes to its text, as it is typed: plain spaces, apostrophes."""
    return lambda content, *options: as_typed(raw_text(content, *options))


def as_typed(text: str) -> str:
    """Return printed text with the spaces and the apostrophes of a keyboard."""
    return " ".join(text.replace("’", "'").split())


@pytest.fixture(scope="session")
def pages_text(raw_text):
    """Function from a PDF's bytes to the text of each page, its spaces as in `printed_text`."""
    # A form feed ends each page.
    return lambda content: [as_typed(page) for page in raw_text(content).split("\f")[:-1]]


@pytest.fixture
def opened():
    """Function from a PDF's bytes to the open document."""
    return lambda content: pikepdf.open(io.BytesIO(content))
