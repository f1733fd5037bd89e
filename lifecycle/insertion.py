"""Many rows inserted under a lock that is held for little more than the database's own work.

`bulk_create` converts each value and writes each statement while its transaction is open: on
SQLite every other writer waits meanwhile. Here that is done before.

Some rows go in one statement: where a trigger may refuse, SQLite copies each page that a
statement changes before it changes it. Row by row that is most of the time; many more rows
than these cost more again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from itertools import chain
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

# Rows in one statement, and what they may hold together: SQLite's own limit in older releases.
_AT_ONCE = 25
_PARAMETERS = 999
_NONE_YET = object()


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
    """INSERT statements, and the values of each time that one is executed.

    As the database takes them; at most two statements, of many rows and of those left.
    """

    statements: Sequence[tuple[str, Sequence[tuple[Any, ...]]]]

    def execute(self) -> None:
        """Insert the rows, in the transaction that is open."""
        with connection.cursor() as cursor:
            for statement, values in self.statements:
                cursor.executemany(statement, values)

    def execute_for_keys(self) -> list[int]:
        """Insert the rows; return the keys that the database gave them, in their order.

        From SQLite 3.35 on.
        """
        keys: list[int] = []
        with connection.cursor() as cursor:
            for statement, values in self.statements:
                for parameters in values:
                    cursor.execute(f"{statement} RETURNING id", parameters)
                    keys += [key for (key,) in cursor.fetchall()]
        return keys


def insertion_of(
    model: type[models.Model], rows: Sequence[models.Model], looked_up: LookedUp | None = None
) -> Insertion:
    """Return what inserts `rows`, unsaved, of `model`; nothing is written.

    `looked_up` is a column that another insertion of the same transaction decides. The rows are
    not told their keys.
    """
    fields = [f for f in model._meta.concrete_fields if not f.primary_key and not f.generated]
    known = [field for field in fields if not looked_up or field.column != looked_up.column]
    values = list(zip(*(_column(field, rows) for field in known), strict=True))
    columns, places = [field.column for field in known], ["%s"] * len(known)
    if looked_up:
        columns.append(looked_up.column)
        places.append(f"({looked_up.sql})")
        pairs = zip(values, looked_up.parameters, strict=True)
        values = [(*of_row, *parameters) for of_row, parameters in pairs]
    into = ", ".join(f'"{column}"' for column in columns)
    statement = f'INSERT INTO "{model._meta.db_table}" ({into}) VALUES '  # noqa: S608
    return Insertion(_together(statement, f"({', '.join(places)})", values))


def _column(field: "models.Field[Any, Any]", rows: Sequence[models.Model]) -> list[Any]:
    """Return what a column of the rows holds, as its driver takes it.

    Most rows hold the very object that the one before held, by which verb, say: made ready once.
    """
    database = connections[DEFAULT_DB_ALIAS]  # Itself: `connection` looks for it each time.
    found: list[Any] = []
    before: Any = _NONE_YET
    for row in rows:
        value = field.pre_save(row, True)
        if value is before:
            found.append(found[-1])
        else:
            found.append(_plain(field.get_db_prep_save(value, database)))
            before = value
    return found


def _together(
    statement: str, row: str, values: Sequence[tuple[Any, ...]]
) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """Return statements of many rows, and their values; those left go in one of fewer."""
    if not values:
        return []
    many = min(_AT_ONCE, _PARAMETERS // len(values[0]))
    left = len(values) % many
    whole = len(values) - left
    parts = [
        tuple(chain.from_iterable(values[start : start + many])) for start in range(0, whole, many)
    ]
    found = [(statement + ", ".join([row] * many), parts)] if parts else []
    if left:
        rest = tuple(chain.from_iterable(values[whole:]))
        found.append((statement + ", ".join([row] * left), [rest]))
    return found


def _plain(value: Any) -> Any:
    """Return a choice or an amount as the text that its driver would write, row by row."""
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Decimal) else value
