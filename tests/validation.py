"""PDF/A and PDF/UA checked by veraPDF: fixtures of all that prints."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

VALIDATOR = Path(__file__).resolve().parents[2] / "shared" / "tools" / "verapdf" / "verapdf"


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
