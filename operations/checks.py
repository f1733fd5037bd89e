"""What would go wrong later, found before the site is opened (`manage.py check --deploy`)."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, register
from django.db import DatabaseError, connection
from django_q.models import Schedule

# Noon of a summer's day in UTC, two hours later in Paris.
_SUMMER_NOON = "2026-07-01 12:00:00+00"
# Years: no claim of the campaign is left by then (`law.deadlines.prescribed_on`).
_PLAUSIBLE_RETENTION = range(5, 51)
# Each process counts apart, or drops counters when there are many.
_CACHES_THAT_FORGET = ("LocMemCache", "DummyCache", "FileBasedCache")


@register(Tags.security, deploy=True)
def check_hosts(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse a site that answers to any name."""
    if "*" in settings.ALLOWED_HOSTS:
        yield Error(
            "ALLOWED_HOSTS=* answers to any name, which whoever asks writes in links.",
            hint="Set ALLOWED_HOSTS to the names of the site, comma-separated.",
            id="operations.E001",
        )


@register(Tags.caches, deploy=True)
def check_cache(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse a default cache that cannot count attempts to sign in."""
    backend = str(settings.CACHES["default"]["BACKEND"]).rpartition(".")[2]
    if backend in _CACHES_THAT_FORGET:
        yield Error(
            f"The default cache ({backend}) is one per process, or drops what it counts: "
            "attempts to sign in would not be limited.",
            hint="Unset CACHE_URL, or set it to a Redis that evicts nothing.",
            id="operations.E002",
        )


@register(Tags.files, deploy=True)
def check_folders(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse private files among public ones, and folders in which nothing can be written."""
    media = Path(settings.MEDIA_ROOT).resolve()
    if media.is_relative_to(Path(settings.STATIC_ROOT).resolve()):
        yield Error(
            f"MEDIA_ROOT ({media}) is within STATIC_ROOT: anybody could read the documents.",
            hint="Set MEDIA_ROOT to a folder of its own.",
            id="operations.E003",
        )
    kept = {"MEDIA_ROOT": media, "var/cache": Path(str(settings.CACHES["files"]["LOCATION"]))}
    if settings.ARCHIVE_DIR:
        kept["ARCHIVE_DIR"] = Path(settings.ARCHIVE_DIR)
    for name, folder in kept.items():
        if not can_be_written(folder):
            yield Error(
                f"{name} ({folder}) cannot be written by who runs this command.",
                hint="Run it as the site's own user, and give that user the folder (chown).",
                id="operations.E004",
            )


@register(Tags.database, deploy=True)
@register(Tags.security, deploy=True)
def check_database(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse SQLite, another encoding than UTF-8, time zones unknown to the database."""
    if connection.vendor == "sqlite" and not settings.DEMONSTRATION:
        yield Error(
            "SQLite lets one person write at a time: it is for the demonstration.",
            hint="Set DATABASE_URL to a PostgreSQL database.",
            id="operations.E005",
        )
    if connection.vendor != "postgresql":
        return
    try:
        encoding = _ask("SHOW server_encoding")
        hour = _ask(
            f"SELECT to_char(timestamptz '{_SUMMER_NOON}' AT TIME ZONE %s, 'HH24')",
            settings.TIME_ZONE,
        )
    except DatabaseError as error:
        if "time zone" not in str(error):
            yield Info(
                f"The database did not answer, so it was not checked: {error}".strip(),
                id="operations.I001",
            )
            return
        hour = "unknown"
    if encoding != "UTF8":
        yield Error(
            f"The database's encoding is {encoding}: accented names would not hold in it.",
            hint="Create it anew: createdb --encoding=UTF8 --template=template0.",
            id="operations.E006",
        )
    if hour != "14":
        yield Error(
            f"The database does not know the time zone {settings.TIME_ZONE} (summer noon: {hour}).",
            hint="Install the system's tzdata, and restart PostgreSQL.",
            id="operations.E007",
        )


@register(Tags.database, deploy=True)
@register(Tags.security, deploy=True)
def check_schedules(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse a site whose worker would do nothing by itself."""
    try:
        missing = settings.SCHEDULES.keys() - set(Schedule.objects.values_list("name", flat=True))
    except DatabaseError:  # No table yet, or no database: said elsewhere.
        return
    if missing:
        yield Error(
            f"The worker is not told to do: {', '.join(sorted(missing))}.",
            hint="Run manage.py schedules.",
            id="operations.E008",
        )


@register(Tags.security, deploy=True)
def check_retention(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse a retention of campaigns that would take away what may still be asked for."""
    years = settings.CAMPAIGN_RETENTION_YEARS
    if years and years not in _PLAUSIBLE_RETENTION:
        yield Error(
            f"CAMPAIGN_RETENTION_YEARS={years}: claims are asked for during nearly five years, and "
            "so are their proofs; beyond fifty nothing would ever be purged.",
            hint="Set it to what your archive service agreed to, from 5 to 50; unset, to purge nothing.",
            id="operations.E009",
        )


def _ask(sql: str, *parameters: str) -> str:
    """Return the one value that a query gives."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return str(cursor.fetchone()[0])


def can_be_written(folder: Path) -> bool:
    """Tell whether files can be made in `folder`, or itself made; without making it."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
