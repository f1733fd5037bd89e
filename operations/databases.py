"""The database as one file, at one moment, and back: SQLite by its own copy, PostgreSQL by pg_dump."""

import os
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

# What pg_dump and pg_restore read of the connection; the password is on no command line.
_VARIABLES = {"dbname": "PGDATABASE"}
_LIBPQ = ("dbname", "host", "port", "user", "password", "service", "passfile")


class ToolFailed(Exception):
    """What pg_dump or pg_restore said (their words)."""


@contextmanager
def dumped(path: Path) -> Iterator[BaseDatabaseWrapper]:
    """Write the database to `path`; give a database that holds exactly what is written."""
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with _closing(other(str(path))) as copy:
            copy.ensure_connection()
            connection.connection.backup(copy.connection)
            yield copy
            copy.connection.execute("PRAGMA journal_mode=DELETE")  # One file, not three.
        return
    with _closing(other(connection.settings_dict["NAME"])) as reading, reading.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        # Comments stay: who restores may not comment on an extension that another created.
        options = ("--format=custom", "--no-comments", f"--snapshot={snapshot}", f"--file={path}")
        _run(reading, "pg_dump", *options)
        yield reading


def load(path: Path, into: BaseDatabaseWrapper) -> None:
    """Fill an empty database from a file that `dumped` wrote. Raises ToolFailed."""
    if into.vendor == "sqlite":
        into.ensure_connection()
        try:
            with sqlite3.connect(path) as source:
                source.backup(into.connection)
            source.close()
        except sqlite3.DatabaseError as error:
            raise ToolFailed(str(error)) from error
        return
    name = into.settings_dict["NAME"]
    _run(
        into,
        *("pg_restore", "--no-owner", "--no-privileges", "--single-transaction"),
        *("--exit-on-error", f"--dbname={name}", str(path)),
    )


def counts(database: BaseDatabaseWrapper) -> dict[str, int]:
    """Return how many rows each table has."""
    found = {}
    with database.cursor() as cursor:
        for table in sorted(database.introspection.table_names(cursor)):
            cursor.execute(f"SELECT count(*) FROM {database.ops.quote_name(table)}")  # noqa: S608
            found[table] = cursor.fetchone()[0]
    return found


@contextmanager
def temporary() -> Iterator[BaseDatabaseWrapper]:
    """Give an empty database beside ours; it is gone afterwards.

    On PostgreSQL the role must be allowed to create databases.
    """
    with tempfile.TemporaryDirectory() as folder:
        if connection.vendor == "sqlite":
            with _closing(other(f"{folder}/verified.sqlite3")) as database:
                yield database
            return
    name = f"verified_{os.getpid()}"
    with _closing(other("postgres")) as server:
        with server.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
        try:
            with _closing(other(name)) as database:
                yield database
        finally:
            with server.cursor() as cursor:
                cursor.execute(f"DROP DATABASE {name}")


def other(name: str) -> BaseDatabaseWrapper:
    """Return a connection of its own to the database of that name (a file for SQLite)."""
    copy: BaseDatabaseWrapper = connection.copy()
    copy.settings_dict["NAME"] = name
    return copy


@contextmanager
def _closing(database: BaseDatabaseWrapper) -> Iterator[BaseDatabaseWrapper]:
    try:
        yield database
    finally:
        database.close()


def _run(database: BaseDatabaseWrapper, *command: str) -> None:
    parameters = database.get_connection_params()
    environment = os.environ | {
        _VARIABLES.get(name, f"PG{name.upper()}"): str(value)
        for name, value in parameters.items()
        if value and (name in _LIBPQ or name.startswith("ssl"))
    }
    try:
        done = subprocess.run(  # noqa: S603 (our own words, and a folder)
            command, env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise ToolFailed(f"{command[0]} est absent : installez postgresql-client.") from error
    if done.returncode:
        raise ToolFailed(done.stderr.strip() or f"{command[0]} : {done.returncode}")
