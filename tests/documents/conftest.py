"""Ways to read a PDF back."""

import io
import os
import shutil
import subprocess
from pathlib import Path

import pikepdf
import pytest

VALIDATOR = Path(__file__).resolve().parents[3] / "shared" / "tools" / "verapdf" / "verapdf"


@pytest.fixture(scope="session")
def printed_text():
    """Function from a PDF's bytes to its text, every run of spaces made one plain space."""
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext (poppler-utils) is not installed")

    def read(content: bytes, *options: str) -> str:
        run = subprocess.run(
            ["pdftotext", *options, "-", "-"], input=content, capture_output=True, check=True
        )
        return " ".join(run.stdout.decode().split())

    return read


@pytest.fixture(scope="session")
def pages_text(printed_text):
    """Function from a PDF's bytes to the text of each page."""

    def read(content: bytes) -> list[str]:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            count = len(pdf.pages)
        return [printed_text(content, "-f", str(n), "-l", str(n)) for n in range(1, count + 1)]

    return read


@pytest.fixture
def opened():
    """Function from a PDF's bytes to the open document."""
    return lambda content: pikepdf.open(io.BytesIO(content))


@pytest.fixture(scope="session")
def validator() -> str:
    """Command that checks PDF/A and PDF/UA: VERAPDF, or the one beside the checkout."""
    command = os.environ.get("VERAPDF") or str(VALIDATOR)
    if not shutil.which(command):
        pytest.skip("veraPDF is absent: set VERAPDF to its command")
    return command
