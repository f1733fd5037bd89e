"""What `.env` says of the server reaches it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_where_to_listen_and_how_many_processes_may_be_said_in_env_file(tmp_path):
    file = tmp_path / ".env"
    file.write_text("HOST=127.0.0.2\nPORT=8123\nWEB_CONCURRENCY=5\nWEB_THREADS=3\n")
    said = ("HOST", "PORT", "WEB_CONCURRENCY", "WEB_THREADS")
    environment = {name: value for name, value in os.environ.items() if name not in said}
    command = [sys.executable, "-m", "gunicorn", "--print-config"]
    printed = subprocess.run(
        command,
        cwd=ROOT,
        env={**environment, "ENV_FILE": str(file)},
        text=True,
        capture_output=True,
    ).stdout
    found = dict(
        line.split("=", 1) for line in printed.replace(" ", "").splitlines() if "=" in line
    )
    assert found["bind"] == "['127.0.0.2:8123']"
    assert found["workers"] == "5"
    assert found["threads"] == "3"
    assert found["worker_class"] == "gthread"
