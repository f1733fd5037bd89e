"""A database for a process of its own: a test process, the browser tests' server, the bench."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql


@contextmanager
def temporary_database(folder: Path, copy_of: str | None = None) -> Iterator[str]:
    """Yield the DATABASE_URL of a database that ends with the block; empty, or a copy.

    A file in `folder`, or a database beside the one of the environment's DATABASE_URL
    where that is PostgreSQL. `copy_of` is what it starts from: a file, or a database there.
    """
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        path = folder / "db.sqlite3"
        if copy_of:
            shutil.copy(copy_of, path)
        yield f"sqlite:///{path}"
        return
    name = f"temporary_{secrets.token_hex(8)}"
    database = sql.Identifier(name)
    with psycopg.connect(url, autocommit=True) as server:
        source = sql.Identifier(copy_of or "template1")
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(database, source))
        try:
            yield urlsplit(url)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))
