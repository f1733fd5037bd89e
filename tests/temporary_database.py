"""An empty database for a process of its own: the browser tests' server, the bench."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql


@contextmanager
def temporary_database(folder: Path) -> Iterator[str]:
    """Yield the DATABASE_URL of an empty database that ends with the block.

    A file in `folder`, or a database beside the one of the environment's DATABASE_URL
    where that is PostgreSQL.
    """
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield f"sqlite:///{folder / 'db.sqlite3'}"
        return
    name = f"temporary_{secrets.token_hex(8)}"
    database = sql.Identifier(name)
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(database))
        try:
            yield urlsplit(url)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))
