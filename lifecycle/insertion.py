"""Many rows inserted under a lock that is held for little more than the database's own work.

`bulk_create` converts each value and writes each statement while its transaction is open: on
SQLite every other writer waits meanwhile. Here that is done before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from django.db import connection, models


@dataclass(frozen=True)
class LookedUp:
    """What `column` holds, which only the database knows by then: `sql` finds it from the
    `parameters` of each row.
    """

    column: str
    sql: str
    parameters: Sequence[tuple[Any, ...]]


@dataclass(frozen=True)
class Insertion:
    """An INSERT and the values of each row, as the database takes them."""

    statement: str
    values: Sequence[tuple[Any, ...]]

    def execute(self) -> None:
        """Insert the rows, in the transaction that is open."""
        if self.values:
            with connection.cursor() as cursor:
                cursor.executemany(self.statement, self.values)


def insertion_of(
    model: type[models.Model], rows: Sequence[models.Model], looked_up: LookedUp | None = None
) -> Insertion:
    """Return what inserts `rows`, unsaved, of `model`; nothing is written.

    `looked_up` is a column that another insertion of the same transaction decides. The rows are
    not told their keys.
    """
    fields = [f for f in model._meta.concrete_fields if not f.primary_key and not f.generated]
    known = [field for field in fields if not looked_up or field.column != looked_up.column]
    values = [
        tuple(
            _plain(field.get_db_prep_save(field.pre_save(row, True), connection)) for field in known
        )
        for row in rows
    ]
    columns, places = [field.column for field in known], ["%s"] * len(known)
    if looked_up:
        columns.append(looked_up.column)
        places.append(f"({looked_up.sql})")
        pairs = zip(values, looked_up.parameters, strict=True)
        values = [(*of_row, *parameters) for of_row, parameters in pairs]
    into = ", ".join(f'"{column}"' for column in columns)
    statement = f'INSERT INTO "{model._meta.db_table}" ({into}) VALUES ({", ".join(places)})'  # noqa: S608
    return Insertion(statement, values)


def _plain(value: Any) -> Any:
    """Return a choice or an amount as the text that its driver would write, row by row."""
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Decimal) else value
