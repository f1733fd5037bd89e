"""The same region over many years, and its pages: what grows with the years that are kept.

Every year before the first is a copy of it, made by the database in one statement a table: keys
move by what the table holds, dates by a year, references are marked with the year; campaigns
are archived.
"""

import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

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
from lifecycle.triggers import install_triggers, remove_triggers

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
ROUNDS = 9


@dataclass(frozen=True)
class Measure:
    """A page, for somebody: its SQL queries, the medians of its milliseconds and of the processor's."""

    queries: int
    milliseconds: float
    processor: float


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
            documents.append(document)
            pieces.append(Piece(convention=convention, kind=kind, version=1, document=document))
    Document.objects.bulk_create(documents, batch_size=500)
    Piece.objects.bulk_create(pieces, batch_size=500)
    return len(documents)


def add_years(years: int) -> None:
    """Copy what there is `years` times, each a year earlier."""
    offsets = {}
    for name in YEARLY:
        model = apps.get_model(name)
        offsets[model] = (model._base_manager.aggregate(models.Max("pk"))["pk__max"] or 0) + 1
    remove_triggers()
    with connection.cursor() as cursor:
        for model in offsets:
            cursor.execute(_copies(model, offsets, years))
        if connection.vendor == "postgresql":
            for model in offsets:
                table = model._meta.db_table
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), MAX(id)) FROM {table}"
                )
            # As autovacuum would have; nothing ever does on SQLite.
            cursor.execute("ANALYZE")
    install_triggers()


def _copies(model: Any, offsets: dict[Any, int], years: int) -> str:
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    into = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(_moved(field, offsets) for field in fields)
    return (
        f"WITH RECURSIVE years(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM years WHERE n < {years})"
        f' INSERT INTO "{model._meta.db_table}" ({into}) SELECT {values} '
        f'FROM "{model._meta.db_table}", years'
    )


def _moved(field: Any, offsets: dict[Any, int]) -> str:
    column = f'"{field.column}"'
    target = field.related_model if field.is_relation else field.model
    if (field.primary_key or field.is_relation) and target in offsets:
        return f"{column} + n * {offsets[target]}"
    if field.model is Campaign and field.name == "state":
        return f"'{CampaignState.ARCHIVED}'"
    if field.name in ("start_year", "year"):
        return f"{column} - n"
    if field.name == "reference":
        return f"CASE WHEN {column} = '' THEN '' ELSE {column} || '-' || n END"
    if isinstance(field, models.DateField):  # Moments too
        return _years_before(column, isinstance(field, models.DateTimeField))
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
    conventions = reverse("admin:conventions_convention_changelist")
    for what in ("lattes", town.reference):
        yield f"Admin, recherche « {what} »", f"{conventions}?q={what}", administrator
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
    queries: list[str] = []

    def counted(run: Callable, *call: Any) -> Any:
        queries.append(call[0])
        return run(*call)

    with connection.execute_wrapper(counted):
        response = client.get(path)
        list(getattr(response, "streaming_content", ()))
    assert response.status_code == 200, f"{path}: {response.status_code}"
    times, processor = [], []
    for _ in range(ROUNDS):
        start, start_of_processor = time.perf_counter(), time.process_time()
        client.get(path)
        times.append(time.perf_counter() - start)
        processor.append(time.process_time() - start_of_processor)
    return Measure(
        len(queries), statistics.median(times) * 1000, statistics.median(processor) * 1000
    )


def measures(pages: Iterable[tuple[str, str, User]]) -> dict[str, Measure]:
    """Return what each page costs, by its name."""
    return {name: measure(path, person) for name, path, person in pages}
