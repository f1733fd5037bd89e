"""The tests' database: migrations are run once, then copied for each process.

What they made is kept (a file under var/, a database of PostgreSQL) under a name that says what
the migrations are: it is made anew when one of them changes.
"""

import fcntl
import hashlib
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from psycopg import sql

from lifecycle.triggers import triggers_of

from . import event_loop
from .temporary_database import temporary_database

_KEPT = settings.VAR_DIR / "tests"
_IMPORTS = re.compile(r"^(?:from|import) ([\w.]+)", re.M)


@pytest.fixture(scope="session")
def migrated() -> str:
    """What to copy for a database with every migration applied: a file's path, or a name."""
    name = f"migrated_{_digest()}"
    _KEPT.mkdir(parents=True, exist_ok=True)
    with (_KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # The first process makes it, the others wait.
        return _kept_file(name) if connection.vendor == "sqlite" else _kept_database(name)


@pytest.fixture(scope="session")
def django_db_setup(migrated, django_test_environment, django_db_blocker, tmp_path_factory):
    """Stands for pytest-django's own, which runs the migrations in every process."""
    with _copy(migrated, tmp_path_factory) as name, django_db_blocker.unblock(), _named(name):
        connection.ensure_connection()
        if connection.vendor == "sqlite":
            with closing(sqlite3.connect(migrated)) as source:
                source.backup(connection.connection)
        with django_db_blocker.block():
            yield


@pytest.fixture(scope="module")
def module_db(django_db_setup, django_db_blocker):
    """As `db`, for what a module's fixtures write once for all of its tests."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def _copy(migrated, tmp_path_factory):
    """Yield the name of this process's own database: still to be filled where it is in memory."""
    if connection.vendor == "sqlite":
        yield "file:tests?mode=memory&cache=shared"
        return
    with temporary_database(tmp_path_factory.mktemp("database"), copy_of=migrated) as url:
        yield urlsplit(url).path[1:]


def _digest() -> str:
    """Tell what the migrations are: their files, those of ours that they import, the libraries."""
    root = settings.BASE_DIR
    migrations = [path for path in root.rglob("migrations/*.py") if ".venv" not in path.parts]
    files = {root / "requirements.lock", *migrations}
    for migration in migrations:
        for module in _IMPORTS.findall(migration.read_text(encoding="utf-8")):
            path = root.joinpath(*module.split("."))
            files |= {path.with_suffix(".py"), path / "__init__.py"}
    content = b"".join(path.read_bytes() for path in sorted(files) if path.is_file())
    # What `migrate` has the database keep besides.
    triggers = [(model._meta.label, *triggers_of(model)) for model in apps.get_models()]
    content += repr(triggers).encode()
    return hashlib.sha256(content).hexdigest()[:16]


def _kept_file(name) -> str:
    path = _KEPT / f"{name}.sqlite3"
    if not path.exists():
        for older in _KEPT.glob("migrated_*"):
            older.unlink()
        with temporary_database(_KEPT) as url:
            _migrate(url)
            unfinished = Path(urlsplit(url).path)
            with closing(sqlite3.connect(unfinished)) as database:
                database.execute("PRAGMA journal_mode=DELETE")  # One file, to be copied.
            unfinished.rename(path)
    return str(path)


def _kept_database(name) -> str:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        kept = {row[0] for row in server.execute("SELECT datname FROM pg_database")}
        if name not in kept:
            for older in filter(re.compile("migrated_").match, kept):
                server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(older)))
            with temporary_database(_KEPT) as url:
                _migrate(url)
                copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
                unfinished = urlsplit(url).path[1:]
                server.execute(copy.format(sql.Identifier(name), sql.Identifier(unfinished)))
    return name


def _migrate(url) -> None:
    """Apply every migration, in a process of its own: the browser's loop may run in this one."""
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": url},
        check=True,
    )


@contextmanager
def _named(name):
    """Have Django's connection lead to another database."""
    connection.close()
    before, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], name
    try:
        yield
    finally:
        with event_loop.set_aside():  # The process's last test may be the browser's.
            connection.close()
        connection.settings_dict["NAME"] = before
