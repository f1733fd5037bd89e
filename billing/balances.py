"""What lists and boards add up of titres and entries, by the database, in whole cents.

The same as `billing.ledger` says of each titre; a test holds both to one another.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db import models
from django.db.models import Case, Exists, F, Min, OuterRef, Q, Sum, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Round
from django.utils import timezone

from accounts.models import User
from billing.ledger import euros
from billing.models import BatchOutcome, Entry, Titre
from billing.models.entry import EntryKind
from billing.models.titre import TitreQuerySet
from conventions.campaigns.models import Campaign


def in_cents(amount: str) -> Combinable:
    """Return a column of euros as whole cents: SQLite, too, then adds them exactly."""
    return Cast(Round(F(amount) * 100), models.BigIntegerField())


def signed_cents() -> Case:
    """Return the amount of a titre in cents, below zero for a reduction or a cancellation."""
    return Case(
        When(kind__in=Titre.DEDUCTIONS, then=-1 * in_cents("amount")),
        default=in_cents("amount"),
        output_field=models.BigIntegerField(),
    )


def entries_in_force(as_at: datetime.date) -> "models.QuerySet[Entry]":
    """Return the entries up to a day that none of that day has reversed."""
    reversals = Entry.objects.filter(reverses=OuterRef("pk"), on__lte=as_at)
    return Entry.objects.filter(~Exists(reversals), on__lte=as_at, reverses__isnull=True)


def of_kind(kind: EntryKind, as_at: datetime.date) -> Exists:
    """Tell of a titre whether an entry of that kind is in force on a day."""
    return Exists(entries_in_force(as_at).filter(titre=OuterRef("pk"), kind=kind))


def standing(titres: TitreQuerySet, as_at: datetime.date) -> TitreQuerySet:
    """Leave the titres requested by a day, neither rejected nor withdrawn on it."""
    withdrawn = BatchOutcome.objects.filter(
        batch=OuterRef("batch"), kind=BatchOutcome.Kind.WITHDRAWN, on__lte=as_at
    )
    return titres.filter(
        ~Exists(withdrawn), ~of_kind(EntryKind.REJECTED, as_at), requested_on__lte=as_at
    )


def issued(titres: TitreQuerySet, as_at: datetime.date) -> TitreQuerySet:
    """Leave the titres that Chorus has numbered by a day."""
    return titres.filter(of_kind(EntryKind.ISSUED, as_at))


def total_of(titres: TitreQuerySet) -> Decimal:
    """Return what titres ask for, net, in euros."""
    return euros(titres.order_by().aggregate(total=Sum(signed_cents()))["total"] or 0)


def requested_by_department(campaign: Campaign, user: User) -> dict[int, Decimal]:
    """Add up what was asked for and stands in `campaign`, in the scope of `user`, in one query.

    In euros, by the key of the collectivity's département.
    """
    titres = Titre.objects.for_user(user).filter(claim__convention__campaign=campaign)
    rows = (
        standing(titres, timezone.localdate())
        .order_by()
        .values_list("claim__convention__collectivity__department")
        .annotate(total=Sum(signed_cents()))
    )
    return {department: euros(cents) for department, cents in rows}


@dataclass(frozen=True)
class Owed:
    """What one titre still owes on a day, or gives back (below zero). Amounts in euros."""

    titre_id: int
    balance: Decimal
    contested: Decimal
    aged_from: datetime.date


def owed(titres: TitreQuerySet, as_at: datetime.date) -> Iterator[Owed]:
    """Yield what each of `titres` that is not settled on a day owes, in two queries."""
    contested = _contested(titres, as_at)
    rows = (
        Entry.objects.filter(on__lte=as_at, account__in=titres.order_by().values("pk"))
        .order_by()
        .values("account")
        .annotate(
            balance=Sum("effect"),
            aged_from=Min(
                Coalesce("due_on", "on"),
                filter=Q(kind=EntryKind.ISSUED, titre=F("account"), reverses__isnull=True)
                & (Q(reversed_by__isnull=True) | Q(reversed_by__on__gt=as_at)),
            ),
        )
        .exclude(balance=0)
        .values_list("account", "balance", "aged_from")
    )
    for key, balance, aged_from in rows:
        amount = euros(balance)
        suspended = max(min(contested.get(key, Decimal(0)), amount), Decimal("0.00"))
        yield Owed(key, amount, suspended, aged_from)


def _contested(titres: TitreQuerySet, as_at: datetime.date) -> dict[int, Decimal]:
    """Return the amount of the contestation that waits on a day, by the key of its titre."""
    waiting: dict[int, list[Decimal]] = {}
    entries = entries_in_force(as_at).filter(
        kind__in=(EntryKind.CONTESTED, EntryKind.DECIDED), titre__in=titres.order_by().values("pk")
    )
    for key, kind, amount in entries.order_by("on", "pk").values_list("titre", "kind", "amount"):
        stack = waiting.setdefault(key, [])
        if kind == EntryKind.CONTESTED:
            stack.append(amount)
        elif stack:
            stack.pop()
    return {key: stack[-1] for key, stack in waiting.items() if stack}
