"""The same region over many years, or many regions, and their pages: what grows with them.

Every year before the first is a copy of it, made by the database in one statement a table: keys
move by what the table holds, dates by a year, references are marked with the year; campaigns
are archived. Regions are copied alike, their codes made of their keys; what is billed is not.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.contrib import admin
from django.db import connection, models
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from conventions.campaigns.lifecycle import CampaignState
from conventions.campaigns.models import Campaign
from conventions.models import Convention, Piece
from documents.models import Document
from figures.models import Change, condense
from lifecycle.triggers import install_triggers, remove_triggers
from tabular.search_texts import install_indexes

# What a year is made of; parents before children.
YEARLY = (
    "campaigns.Campaign",
    "acts.Sitting",
    "acts.Act",
    "conventions.ConfirmedParty",
    "conventions.Convention",
    "conventions.Enrolment",
    "documents.Document",
    "conventions.Piece",
    "lifecycle.JournalEntry",
    "outbox.Email",
    "exchanges.Notification",
    "billing.Batch",
    "billing.Claim",
    "billing.Titre",
    "billing.Entry",
)
# What a region is made of, for the one campaign of all.
REGIONAL = (
    "communes.Commune",
    "communes.Collectivity",
    "schools.School",
    *(name for name in YEARLY if not name.startswith(("campaigns.", "billing."))),
)
# Lists that show open campaigns unless all are asked for, and what is searched.
_OF_ALL_YEARS = {
    "Admin, conventions": "conventions_convention",
    "Admin, écoles inscrites": "conventions_enrolment",
    "Admin, journal": "lifecycle_journalentry",
}
# Found often enough to fill a page after one year: as many rows are shown after ten.
_SOUGHT = "saint"
_SEARCHED = _OF_ALL_YEARS | {
    "Admin, documents": "documents_document",
    "Admin, courriels": "exchanges_notification",
    "Admin, collectivités": "communes_collectivity",
    "Admin, écoles": "schools_school",
}
ROUNDS = 7
# More changes than these are several a département.
_CONDENSED = 1000


@dataclass(frozen=True)
class Statement:
    """A query of a page, and what it took."""

    seconds: float
    sql: str
    parameters: Any

    def plan(self) -> list[str]:
        """Return how the database answers it."""
        explain = "EXPLAIN ANALYZE" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
        with connection.cursor() as cursor:
            cursor.execute(f"{explain} {self.sql}", self.parameters)
            return [str(line[-1]) for line in cursor.fetchall()]


@dataclass(frozen=True)
class Measure:
    """A page, for somebody: its queries, and the least milliseconds that it took.

    `processor` is that of this process and of the database's: what others do on the machine
    meanwhile does not count.
    """

    queries: int
    milliseconds: float
    processor: float
    slowest: Statement


def keep_papers() -> int:
    """Give every convention the two papers of the first that has them; return how many."""
    models_of = list(Document.objects.filter(pieces__kind__in=["act", "convention"])[:2])
    without = Convention.objects.exclude(pieces__kind=Piece.Kind.CONVENTION).order_by("pk")
    documents, pieces = [], []
    for convention in without:
        for model, kind in zip(models_of, ("act", "convention"), strict=True):
            values = {
                field.name: getattr(model, field.name)
                for field in Document._meta.concrete_fields
                if not field.primary_key and not field.generated
            }
            document = Document(**values | {"reference": f"M-{convention.pk}-{kind}"})
            document.search_text = document.build_search_text()
            documents.append(document)
            pieces.append(Piece(convention=convention, kind=kind, version=1, document=document))
    Document.objects.bulk_create(documents, batch_size=500)
    Piece.objects.bulk_create(pieces, batch_size=500)
    return len(documents)


def add_years(years: int) -> None:
    """Copy what there is `years` times, each a year earlier."""
    _copy(YEARLY, years, _a_year_before)


def add_regions(regions: int) -> None:
    """Copy what there is `regions` times, elsewhere. PostgreSQL alone, as its superuser."""
    with connection.cursor() as cursor:
        # Keys that refer to one another are moved together: checking each would take longer.
        cursor.execute("SET session_replication_role = replica")
        _copy(REGIONAL, regions, _elsewhere)
        cursor.execute("SET session_replication_role = DEFAULT")


_Moved = Callable[[Any, str], str]


def _copy(names: Iterable[str], times: int, moved: _Moved) -> None:
    offsets = {}
    for name in names:
        model = apps.get_model(name)
        offsets[model] = (model._base_manager.aggregate(models.Max("pk"))["pk__max"] or 0) + 1
    remove_triggers()
    with connection.cursor() as cursor:
        _drop_trigrams(cursor)
        for model in offsets:
            cursor.execute(_copies(model, offsets, times, moved))
        if connection.vendor == "postgresql":
            for model in offsets:
                table = model._meta.db_table
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), MAX(id)) FROM {table}"
                )
        install_indexes()
    settle()
    install_triggers()


def settle() -> None:
    """Do what is done meanwhile on any site: statistics, by autovacuum; changes added up, by the worker."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    while Change.objects.count() > _CONDENSED:
        condense()


def _drop_trigrams(cursor: Any) -> None:
    """Built again once all is there, in a fraction of the time."""
    if connection.vendor == "postgresql":
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE '%%\\_trigrams'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP INDEX "{name}"')


def _copies(model: Any, offsets: dict[Any, int], times: int, moved: _Moved) -> str:
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    into = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(_value(field, offsets, moved) for field in fields)
    return (
        f"WITH RECURSIVE copies(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copies WHERE n < {times})"
        f' INSERT INTO "{model._meta.db_table}" ({into}) SELECT {values} '
        f'FROM "{model._meta.db_table}", copies'
    )


def _value(field: Any, offsets: dict[Any, int], moved: _Moved) -> str:
    column = f'"{field.column}"'
    target = field.related_model if field.is_relation else field.model
    if (field.primary_key or field.is_relation) and target in offsets:
        return f"{column} + n * {offsets[target]}"
    if field.name in ("code", "uai") and field.unique:
        return moved(field, f"id + n * {offsets[field.model]}")
    return moved(field, column)


def _a_year_before(field: Any, column: str) -> str:
    if field.model is Campaign and field.name == "state":
        return f"'{CampaignState.ARCHIVED}'"
    if field.name in ("start_year", "year"):
        return f"{column} - n"
    if field.name == "reference":
        return f"CASE WHEN {column} = '' THEN '' ELSE {column} || '-' || n END"
    if isinstance(field, models.DateField):  # Moments too
        return _years_before(column, isinstance(field, models.DateTimeField))
    return column


def _elsewhere(field: Any, column: str) -> str:
    if field.name == "reference":
        return f"CASE WHEN {column} = '' THEN '' ELSE {column} || '+' || n END"
    if field.name in ("code", "uai") and field.unique:
        # Sixteen letters in place of sixteen digits: no official code is written so.
        length = field.max_length
        return (
            f"translate(lpad(to_hex({column}), {length}, '0'), "
            "'0123456789abcdef', 'GHIJKLMNOPQRSTUV')"
        )
    return column


def _years_before(column: str, is_moment: bool) -> str:
    if connection.vendor == "postgresql":
        moved = f"{column} - make_interval(years => n)"
        return moved if is_moment else f"({moved})::date"
    return f"{'datetime' if is_moment else 'date'}({column}, '-' || n || ' years')"


def pages(people: dict[Role, User], town: Convention) -> Iterator[tuple[str, str, User]]:
    """Yield (name, path, who opens it) of the lists and pages that years could slow down."""
    administrator = people[Role.ADMINISTRATOR]
    for name in sorted(model._meta.label_lower for model in admin.site._registry):
        app, model = name.split(".")
        if administrator.has_perm(f"{app}.view_{model}"):
            yield f"Admin, {name}", reverse(f"admin:{app}_{model}_changelist"), administrator
    for label, name in _OF_ALL_YEARS.items():
        address = reverse(f"admin:{name}_changelist")
        yield f"{label}, toutes les années", f"{address}?campaign=all", administrator
    for label, name in _SEARCHED.items():
        query = {"q": _SOUGHT} | ({"campaign": "all"} if name in _OF_ALL_YEARS.values() else {})
        address = f"{reverse(f'admin:{name}_changelist')}?{urlencode(query)}"
        yield f"{label}, « {_SOUGHT} »", address, administrator
    everywhere = reverse("admin:search", query={"q": _SOUGHT})
    yield f"Recherche partout, « {_SOUGHT} »", everywhere, administrator
    yield "Bureau", reverse("admin:index"), administrator
    board = reverse("admin:campaigns_campaign_board", args=[town.campaign_id])
    yield "Où en est la campagne", board, administrator
    page = reverse("admin:conventions_convention_change", args=[town.pk])
    yield "Un dossier (rectorat)", page, people[Role.RECTORAT]
    yield "Conventions (rectorat)", reverse("conventions"), people[Role.RECTORAT]
    yield "Conventions (mairie)", reverse("conventions"), people[Role.TOWN_HALL]
    yield "Un dossier (mairie)", town.get_absolute_url(), people[Role.TOWN_HALL]
    for name in ("claims", "billing_board", "owed", "contestations"):
        yield f"Finances, {name}", reverse(name), people[Role.FINANCE]


def measure(path: str, person: User) -> Measure:
    """Open a page a few times."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(person)
    statements: list[Statement] = []

    def counted(run: Callable, sql: str, parameters: Any, *rest: Any) -> Any:
        start = time.perf_counter()
        result = run(sql, parameters, *rest)
        statements.append(Statement(time.perf_counter() - start, sql, parameters))
        return result

    client.get(path)  # What a process keeps is there from here on.
    with connection.execute_wrapper(counted):
        response = client.get(path)
        list(getattr(response, "streaming_content", ()))
    assert response.status_code == 200, f"{path}: {response.status_code}"
    times, busy = [], []
    for _ in range(ROUNDS):
        start, start_of_processor = time.perf_counter(), processor()
        client.get(path)
        times.append(time.perf_counter() - start)
        busy.append(processor() - start_of_processor)
    slowest = max(statements, key=lambda statement: statement.seconds)
    return Measure(len(statements), min(times) * 1000, min(busy) * 1000, slowest)


def processor() -> float:
    """Return the seconds of processor that this process and its database have had.

    Of the database's where it is a process of this machine (Linux).
    """
    mine = time.process_time()
    if connection.vendor != "postgresql":
        return mine
    figures = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return mine + (int(figures.read_text().split()[0]) / 1e9 if figures.exists() else 0)


def measures(pages: Iterable[tuple[str, str, User]]) -> dict[str, Measure]:
    """Return what each page costs, by its name."""
    return {name: measure(path, person) for name, path, person in pages}
