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


@pytest.fixture(scope="session")
def validator() -> str:
    """Command that checks PDF/A and PDF/UA: VERAPDF, or the one beside the checkout."""
    command = os.environ.get("VERAPDF") or str(VALIDATOR)
    if not shutil.which(command):
        pytest.skip("veraPDF is absent: set VERAPDF to its command")
    return command


@pytest.fixture
def assert_valid(validator, tmp_path):
    """Function that has PDFs, by name, checked against PDF/A-3a and PDF/UA-1, all in one run."""

    def check(contents: dict[str, bytes]) -> None:
        paths = [tmp_path / f"{name}.pdf" for name in contents]
        for path, content in zip(paths, contents.values(), strict=True):
            path.write_bytes(content)
        run = subprocess.run(
            [validator, "3a,ua1", *map(str, paths)],
            capture_output=True,
            text=True,
            check=False,
            # A process that lives some seconds: Java's thorough compiler costs more than it saves.
            env=os.environ | {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1"},
        )
        assert run.returncode == 0, run.stdout + run.stderr
        assert f"{2 * len(paths)} validations, 0 failures" in run.stdout

    return check
