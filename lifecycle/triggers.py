"""What the database itself refuses, and adds up, whoever writes: triggers, on both databases.

Of rows that never change (`lifecycle.frozen.Frozen`), and of models that say more in
`database_rules`: a `Rule` refuses, an `Upkeep` writes what follows from a row.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.dispatch import Signal

# Sent, with `using`, once the triggers are there: what was written without them is not known.
installed = Signal()


@dataclass(frozen=True)
class Rule:
    """A change that is refused with `message` (French) when `refuses`, SQL on NEW and OLD, holds.

    `when` is SQL too: "BEFORE UPDATE OF amount", "AFTER INSERT". `holding` is what PostgreSQL
    locks first, where two sessions could each see only their own rows.
    """

    name: str
    when: str
    refuses: str
    message: str
    holding: str = ""


@dataclass(frozen=True)
class Upkeep:
    """What is written after a row is: one SQL statement on NEW and OLD.

    `table` is the one whose rows are watched, where it is not the model's own. `at_once` is
    what PostgreSQL writes instead, once for all rows of a statement: SQL on the tables
    `former` (of an update or a deletion) and `changed` (of an update or an insertion).
    """

    name: str
    when: str
    statement: str
    table: str = ""
    at_once: str = ""


@dataclass(frozen=True)
class Spared:
    """A change that the database lets through: of `columns` alone, where `when` holds.

    `when` is SQL on NEW and OLD, and says what each of them may become. The ORM refuses it like
    any other.
    """

    columns: tuple[str, ...]
    when: str


def frozen_models() -> list[Any]:
    """Return the models whose rows never change, in a constant order."""
    return [model for model in apps.get_models() if hasattr(model, "frozen_message")]


def triggers_of(model: Any) -> Iterator[Rule | Upkeep]:
    """Yield what the database does for a model beside its constraints."""
    if hasattr(model, "frozen_message"):
        condition = model.frozen_when or "1 = 1"
        for event in ("UPDATE", "DELETE"):
            name = f"frozen_{model._meta.db_table}_{event.lower()}"
            spared = getattr(model, "frozen_but", ()) if event == "UPDATE" else ()
            # What a condition does not know (NULL) is refused.
            refuses = [condition, *(f"NOT COALESCE({_lets(model, one)}, 1 = 0)" for one in spared)]
            message = str(model.frozen_message)
            yield Rule(name, f"BEFORE {event}", " AND ".join(f"({c})" for c in refuses), message)
    yield from getattr(model, "database_rules", ())


def _lets(model: Any, spared: Spared) -> str:
    """Return the SQL of a change that is let through: every other column stays as it is."""
    fields = model._meta.concrete_fields
    others = [field.column for field in fields if field.column not in spared.columns]
    # Two unknown values are the same; older releases of SQLite have no word for that.
    same = [
        f'COALESCE(OLD."{column}" = NEW."{column}", '
        f'OLD."{column}" IS NULL AND NEW."{column}" IS NULL)'
        for column in others
    ]
    return " AND ".join([f"({spared.when})", *same])


def install_triggers(*, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Have the database keep every rule, and say so (`installed`); done again, it changes none."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for table, trigger in _all(connection):
            for statement in _statements(connection, table, trigger):
                cursor.execute(statement)
    installed.send(install_triggers, using=using)


def set_triggers_aside(*, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Take every trigger out of a SQLite database, those of an earlier version too.

    Until `install_triggers`. PostgreSQL alters a table in its place, and keeps them.
    """
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP TRIGGER "{name}"')


def remove_triggers(*, using: str = DEFAULT_DB_ALIAS) -> None:
    """Let rows be wiped out again: for tests that empty a database, never for the product."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for table, trigger in _all(connection):
            cursor.execute(_drop(connection, table, trigger))


def _all(connection: BaseDatabaseWrapper) -> Iterable[tuple[str, Rule | Upkeep]]:
    """Yield each trigger after the table whose rows it watches."""
    tables = set(connection.introspection.table_names())
    for model in apps.get_models():
        if model._meta.db_table in tables:
            for trigger in triggers_of(model):
                yield getattr(trigger, "table", "") or model._meta.db_table, trigger


def _statements(
    connection: BaseDatabaseWrapper, table: str, trigger: Rule | Upkeep
) -> Iterator[str]:
    yield _drop(connection, table, trigger)
    body = _postgresql if connection.vendor == "postgresql" else _sqlite
    yield from body(f'"{table}"', trigger)


def _drop(connection: BaseDatabaseWrapper, table: str, trigger: Rule | Upkeep) -> str:
    on = f' ON "{table}"' if connection.vendor == "postgresql" else ""
    return f"DROP TRIGGER IF EXISTS {trigger.name}{on}"


def _sqlite(table: str, trigger: Rule | Upkeep) -> Iterator[str]:
    action = (
        f"SELECT RAISE(ABORT, {_text(trigger.message)}) WHERE {trigger.refuses}"
        if isinstance(trigger, Rule)
        else trigger.statement
    )
    yield (
        f"CREATE TRIGGER {trigger.name} {trigger.when} ON {table} FOR EACH ROW BEGIN {action}; END"
    )


_REFERENCED = {
    "AFTER INSERT": "NEW TABLE AS changed",
    "AFTER UPDATE": "OLD TABLE AS former NEW TABLE AS changed",
    "AFTER DELETE": "OLD TABLE AS former",
}


def _postgresql(table: str, trigger: Rule | Upkeep) -> Iterator[str]:
    when, rows, each = trigger.when, "", "ROW"
    row = "OLD" if "DELETE" in when else "NEW"
    if isinstance(trigger, Rule):
        holding = f"PERFORM {trigger.holding}; " if trigger.holding else ""
        action = (
            f"{holding}IF {trigger.refuses} THEN RAISE EXCEPTION USING MESSAGE = "
            f"{_text(trigger.message)}, ERRCODE = 'integrity_constraint_violation'; END IF"
        )
    elif trigger.at_once:
        # Rows of a statement are not told by the columns that it writes.
        when = " ".join(when.split()[:2])
        rows = f"REFERENCING {_REFERENCED[when]} "
        each, row, action = "STATEMENT", "NULL", trigger.at_once
    else:
        action = trigger.statement
    yield (
        f"CREATE OR REPLACE FUNCTION {trigger.name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {action}; RETURN {row}; END $$"
    )
    yield (
        f"CREATE TRIGGER {trigger.name} {when} ON {table} {rows}FOR EACH {each} "
        f"EXECUTE FUNCTION {trigger.name}()"
    )


def _text(message: str) -> str:
    return "'" + message.replace("'", "''") + "'"
