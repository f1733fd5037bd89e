"""What the database itself refuses of rows that never change (`lifecycle.frozen.Frozen`)."""

from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

_FUNCTION = "refuse_change_of_frozen_row"
_EVENTS = ("update", "delete")


def frozen_models() -> list[Any]:
    """Return the models whose rows never change, in a constant order."""
    return [model for model in apps.get_models() if hasattr(model, "frozen_message")]


def install_triggers(*, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Have the database refuse every change of a frozen row; done again, it changes nothing."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for model in frozen_models():
            if model._meta.db_table in tables:
                for statement in _statements(connection, model):
                    cursor.execute(statement)


def remove_triggers(*, using: str = DEFAULT_DB_ALIAS) -> None:
    """Let rows be wiped out again: for tests that empty a database, never for the product."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for model in frozen_models():
            for event in _EVENTS:
                cursor.execute(_drop(connection, model, event))


def _statements(connection: BaseDatabaseWrapper, model: Any) -> list[str]:
    statements = []
    if connection.vendor == "postgresql":
        statements.append(
            f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], "
            "ERRCODE = 'integrity_constraint_violation'; END $$"
        )
    for event in _EVENTS:
        statements += [_drop(connection, model, event), _create(connection, model, event)]
    return statements


def _name(model: Any, event: str) -> str:
    return f"frozen_{model._meta.db_table}_{event}"


def _drop(connection: BaseDatabaseWrapper, model: Any, event: str) -> str:
    on = f" ON {_quoted(connection, model)}" if connection.vendor == "postgresql" else ""
    return f"DROP TRIGGER IF EXISTS {_name(model, event)}{on}"


def _create(connection: BaseDatabaseWrapper, model: Any, event: str) -> str:
    when = f" WHEN ({model.frozen_when})" if model.frozen_when else ""
    message = str(model.frozen_message).replace("'", "''")
    action = (
        f"EXECUTE FUNCTION {_FUNCTION}('{message}')"
        if connection.vendor == "postgresql"
        else f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )
    return (
        f"CREATE TRIGGER {_name(model, event)} BEFORE {event.upper()} "
        f"ON {_quoted(connection, model)} FOR EACH ROW{when} {action}"
    )


def _quoted(connection: BaseDatabaseWrapper, model: Any) -> str:
    return connection.ops.quote_name(model._meta.db_table)
