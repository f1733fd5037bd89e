"""Claims found and added up by the database, in whole cents: for lists of thousands."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils import timezone

from billing.balances import in_cents, issued, of_kind, signed_cents, standing
from billing.ledger import euros
from billing.models import Entry, Titre
from billing.models.entry import PAYMENTS, EntryKind
from conventions.amendments.models import Amendment
from conventions.models.convention import ConventionQuerySet


class Shown(StrEnum):
    """Which claims: every one, or by what was asked of the accountant."""

    ALL = ""
    TO_ASK = "a-demander"
    ASKED = "demandees"
    PENDING = "en-attente"
    ISSUED = "emises"
    EXEMPT = "exonerees"


@dataclass(frozen=True)
class Totals:
    """Of the claims shown: how many, for how many euros due, asked for, issued, received, left.

    `left` is still to be asked for.
    """

    claims: int
    due: Decimal
    asked: Decimal
    issued: Decimal
    received: Decimal
    left: Decimal


def amounts(as_at: datetime.date) -> dict[str, Combinable]:
    """Return what is due, asked, issued and received of conventions, in cents, as `Due` computes it."""
    titres = Titre.objects.filter(claim__convention=OuterRef("pk"))
    asked = standing(titres, as_at)
    changes = Amendment.objects.signed().filter(convention=OuterRef("pk"))
    of_titre = Entry.objects.filter(titre=OuterRef("pk"))
    # Titre by titre: the database finds the entries of each at once.
    decided = _sum(
        of_titre.filter(kind=EntryKind.DECIDED).in_force(as_at), "titre", in_cents("amount")
    )
    paid = _sum(of_titre.filter(kind__in=PAYMENTS, on__lte=as_at), "titre", F("effect"))
    return {
        "due_cents": in_cents("amount")
        + _sum(changes, "convention", in_cents("amount_change"))
        - _sum(titres, "claim__convention", decided),
        "asked_cents": _sum(asked, "claim__convention", signed_cents()),
        "issued_cents": _sum(issued(asked, as_at), "claim__convention", signed_cents()),
        "received_cents": -_sum(titres, "claim__convention", paid),
    }


def _sum(rows: models.QuerySet, group: str, amount: Combinable) -> Coalesce:
    totals = rows.order_by().values(group).annotate(total=Sum(amount)).values("total")
    return Coalesce(Subquery(totals), 0, output_field=models.BigIntegerField())


def showing(conventions: ConventionQuerySet, shown: Shown) -> ConventionQuerySet:
    """Leave the conventions signed by both that are to be shown."""
    today = timezone.localdate()
    titres = standing(Titre.objects.filter(claim__convention=OuterRef("pk")), today)
    numbered = of_kind(EntryKind.ISSUED, today)
    conditions = {
        Shown.ALL: Q(),
        Shown.TO_ASK: ~Q(due_cents=F("asked_cents")) | Q(claim__to_cancel__isnull=False),
        Shown.ASKED: Exists(titres),
        Shown.PENDING: Exists(titres.filter(~numbered)),
        Shown.ISSUED: Exists(issued(titres, today)),
        Shown.EXEMPT: Q(due_cents=0, asked_cents=0),
    }
    return conventions.alias(**amounts(today)).filter(conditions[shown])


def totals(conventions: ConventionQuerySet) -> Totals:
    """Return the totals of conventions signed by both, in one query."""
    found = (
        conventions.order_by()
        .annotate(**amounts(timezone.localdate()))
        .aggregate(
            claims=models.Count("pk"),
            due=Coalesce(Sum("due_cents"), 0),
            asked=Coalesce(Sum("asked_cents"), 0),
            issued=Coalesce(Sum("issued_cents"), 0),
            received=Coalesce(Sum("received_cents"), 0),
        )
    )
    return Totals(
        claims=found["claims"],
        due=euros(found["due"]),
        asked=euros(found["asked"]),
        issued=euros(found["issued"]),
        received=euros(found["received"]),
        left=euros(found["due"] - found["asked"]),
    )
