"""What is kept of each version: its demonstration's database, and what its migrations were.

`tests/releases/0.2.0/` holds `sqlite.sql.xz` and `postgresql.sql.xz`, and `migrations.sha256`
in the format of sha256sum(1).
"""

import hashlib
import lzma
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.apps import apps
from django.conf import settings

FOLDER = Path(__file__).parent
ROOT = Path(settings.BASE_DIR)
MANIFEST = "migrations.sha256"


def versions() -> list[str]:
    """Return the versions that are kept, oldest first."""
    names = [folder.name for folder in FOLDER.iterdir() if (folder / MANIFEST).exists()]
    return sorted(names, key=lambda name: [int(part) for part in name.split(".")])


def migrations() -> dict[str, str]:
    """Return the digest of each migration of ours as it is now, by its path."""
    folders = [Path(app.path) / "migrations" for app in apps.get_app_configs()]
    ours = [
        folder for folder in folders if folder.is_relative_to(ROOT) and ".venv" not in str(folder)
    ]
    files = sorted(path for folder in ours for path in folder.glob("[0-9]*.py"))
    return {
        str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def read_manifest(version: str) -> dict[str, str]:
    """Return the digest of each migration of a version, by its path."""
    lines = (FOLDER / version / MANIFEST).read_text(encoding="utf-8").splitlines()
    return {path: digest for digest, path in (line.split("  ") for line in lines)}


def write_manifest(version: str) -> None:
    lines = [f"{digest}  {path}\n" for path, digest in migrations().items()]
    (FOLDER / version / MANIFEST).write_text("".join(lines), encoding="utf-8")


def dump(url: str, version: str) -> None:
    """Keep the content of the database at `url`."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(urlsplit(url).path)) as database:
            content = "\n".join(database.iterdump()).encode()
    else:
        command = ["pg_dump", "--inserts", "--no-owner", "--no-privileges", url]
        content = subprocess.run(command, capture_output=True, check=True).stdout
    _path(url, version).write_bytes(lzma.compress(content, preset=9))


def restore(url: str, version: str) -> None:
    """Fill the empty database at `url` with what a version kept."""
    content = lzma.decompress(_path(url, version).read_bytes()).decode()
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(urlsplit(url).path)) as database:
            database.executescript(content)
        return
    # Lines for psql alone.
    statements = "\n".join(line for line in content.splitlines() if not line.startswith("\\"))
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(statements)


def manage(url: str, media: Path, *command: str) -> str:
    """Run a command of manage.py on that database; return what it prints."""
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "MEDIA_ROOT": str(media),
        "MAILS_DIR": str(media / "mails"),
        "DEMONSTRATION": "1",
    }
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def _path(url: str, version: str) -> Path:
    vendor = "sqlite" if url.startswith("sqlite") else "postgresql"
    return FOLDER / version / f"{vendor}.sql.xz"
