"""What is under var/ already: told from what fits this code, set aside, or forgotten."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

OWN_DATABASE = settings.VAR_DIR / "db.sqlite3"
# The database and what is known by it alone.
_KEPT = ("db.sqlite3", "db.sqlite3-wal", "db.sqlite3-shm", "media", "mails", "cache")


def is_own() -> bool:
    """Tell whether the database is the one under var/, which we may move away."""
    return settings.DATABASES["default"]["NAME"] == str(OWN_DATABASE)


def fits() -> bool:
    """Tell whether this code's migrations, as they are now, made the database; an empty one fits.

    Of our own apps, each migration that it records must exist here, and each table that they
    make have its columns.
    """
    recorded = MigrationRecorder(connection).applied_migrations().keys()
    loader = MigrationLoader(connection)
    if any(label in _our_labels() for label, _ in recorded - loader.disk_migrations.keys()):
        return False
    reached = [key for key in loader.graph.nodes if key in recorded]
    if set(loader.graph.leaf_nodes()) <= set(reached):
        return _has_tables_of(apps.get_models(include_auto_created=True))
    state = loader.project_state(reached)
    return _has_tables_of(state.apps.get_models(include_auto_created=True))


def set_aside() -> Path:
    """Move the database of var/ and what belongs to it into a folder of today; return it."""
    connection.close()
    aside = settings.VAR_DIR / f"ancienne-version-{timezone.localtime():%Y-%m-%d-%H%M%S}"
    aside.mkdir()
    for name in _KEPT:
        path = settings.VAR_DIR / name
        if path.exists():
            path.rename(aside / name)
    return aside


def forget() -> None:
    """Delete the database of var/ and what belongs to it."""
    connection.close()
    for name in _KEPT:
        path = settings.VAR_DIR / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _our_labels() -> set[str]:
    """The labels of the apps that stand in the project's folder rather than among its libraries."""
    return {
        app.label
        for app in apps.get_app_configs()
        if (settings.BASE_DIR / app.name.partition(".")[0]).is_dir()
    }


def _has_tables_of(models: Iterable) -> bool:
    labels = _our_labels()
    with connection.cursor() as cursor:
        for model in models:
            options = model._meta
            if options.app_label not in labels or not options.can_migrate(connection):
                continue
            columns = {field.column for field in options.local_concrete_fields}
            if not columns <= _columns(cursor, options.db_table):
                return False
    return True


def _columns(cursor: CursorWrapper, table: str) -> set[str]:
    if table not in connection.introspection.table_names(cursor):
        return set()
    return {column.name for column in connection.introspection.get_table_description(cursor, table)}
