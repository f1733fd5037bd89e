"""Columns of folded text that lists are searched by (`search_text`): their indexes, their truth.

A model that has one says in `build_search_text` what it holds, and in `search_reads` which other
rows that is made of.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction

COLUMN = "search_text"
_CHUNK = 2000
# pg_trgm may not be created, is not on the machine (two ways of saying so), or stands in a schema
# where nothing is looked for (PostgreSQL's manual, appendix A).
_WITHOUT_TRIGRAMS = ("42501", "58P01", "0A000", "42704")


def install_indexes(*, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> bool:
    """Index each of these columns by its trigrams, for « contains »; tell whether they are.

    PostgreSQL only; where pg_trgm can neither be found nor created, each search reads the whole
    column, as on SQLite. Done again, it changes nothing. What else fails (a full disk, a table that
    others hold) is raised.
    """
    connection = connections[using]
    if connection.vendor != "postgresql":
        return False
    try:
        with transaction.atomic(using), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute(
                "SELECT table_name FROM information_schema.columns "
                "WHERE column_name = %s AND table_schema = current_schema() "
                "AND to_regclass(quote_ident(table_name || '_trigrams')) IS NULL "
                "ORDER BY table_name",
                [COLUMN],
            )
            for (table,) in cursor.fetchall():
                cursor.execute(
                    f'CREATE INDEX "{table}_trigrams" ON "{table}" '
                    f"USING gin ({COLUMN} gin_trgm_ops)"
                )
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") not in _WITHOUT_TRIGRAMS:
            raise
        return False
    return True


def stale(model: Any) -> Iterator[tuple[Any, str]]:
    """Yield the rows of `model` whose text is not what it is made of, and what it should be."""
    rows = model.objects.order_by("pk").select_related(*getattr(model, "search_reads", ()))
    for row in rows.iterator(chunk_size=_CHUNK):
        text = row.build_search_text()
        if row.search_text != text:
            yield row, text


def searched_models() -> list[Any]:
    """Return the models that have such a column, in a constant order."""
    return [model for model in apps.get_models() if hasattr(model, "build_search_text")]
