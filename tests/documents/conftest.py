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


@pytest.fixture
def valid(validator, tmp_path):
    """Function that fails unless every PDF given conforms to PDF/A-3a and PDF/UA-1."""

    def check(*contents: bytes) -> None:
        paths = [tmp_path / f"{number}.pdf" for number in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
        run = subprocess.run(
            [validator, "3a,ua1", *map(str, paths)], capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stdout + run.stderr
        assert f"{2 * len(paths)} validations, 0 failures" in run.stdout

    return check
