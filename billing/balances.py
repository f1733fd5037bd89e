"""What lists and boards add up of titres and entries, by the database, in whole cents.

The same as `billing.ledger` says of each titre; a test holds both to one another.
"""

import datetime
from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import models
from django.db.models import (
    Case,
    Exists,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Round
from django.utils import timezone

from billing.ledger import Status, answered, euros, suspends
from billing.models import BatchOutcome, Entry, Titre
from billing.models.entry import PAYMENTS, EntryKind, EntryQuerySet
from billing.models.titre import TitreQuerySet
from conventions.campaigns.models import Campaign
from law import collection


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


def of_kind(kind: EntryKind, as_at: datetime.date) -> Exists:
    """Tell of a titre whether an entry of that kind is in force on a day."""
    return Exists(Entry.objects.filter(titre=OuterRef("pk"), kind=kind).in_force(as_at))


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


def in_state(titres: TitreQuerySet, status: Status, as_at: datetime.date) -> TitreQuerySet:
    """Leave the titres that `Account.status` says to be in a state on a day."""
    own = Entry.objects.filter(titre=OuterRef("pk"), on__lte=as_at)
    counted = Entry.objects.filter(account=OuterRef("pk"), on__lte=as_at)
    by_others = counted.filter(kind=EntryKind.ISSUED).exclude(titre=OuterRef("pk"))
    suspended = [key for key, amount in contested(titres, as_at).items() if amount]
    withdrawn = Q(batch__outcome__kind=BatchOutcome.Kind.WITHDRAWN, batch__outcome__on__lte=as_at)
    settled = Q(balance__lte=0) & ~Q(kind__in=Titre.DEDUCTIONS)
    how_settled = Case(
        When(deducted__gte=in_cents("amount"), then=Value(Status.CANCELLED)),
        When(written_off__gt=0, then=Value(Status.WRITTEN_OFF)),
        When(received__gt=0, then=Value(Status.RECEIVED)),
        default=Value(Status.REMITTED),
    )
    return (
        titres.alias(
            balance=_effects(counted, "account"),
            deducted=-_effects(by_others, "account"),
            received=-_effects(own.filter(kind__in=PAYMENTS), "titre"),
            written_off=-_effects(own.filter(kind=EntryKind.WRITTEN_OFF), "titre"),
        )
        .alias(
            state=Case(
                When(withdrawn, then=Value(Status.WITHDRAWN)),
                When(of_kind(EntryKind.REJECTED, as_at), then=Value(Status.REJECTED)),
                When(~of_kind(EntryKind.ISSUED, as_at), then=Value(Status.REQUESTED)),
                When(pk__in=suspended, then=Value(Status.CONTESTED)),
                When(settled, then=how_settled),
                When(received__gt=0, then=Value(Status.PARTLY_RECEIVED)),
                When(~Q(deducted=0), then=Value(Status.REDUCED)),
                When(of_kind(EntryKind.TAKEN_IN_CHARGE, as_at), then=Value(Status.TAKEN_IN_CHARGE)),
                default=Value(Status.ISSUED),
            )
        )
        .filter(state=status)
    )


def _effects(entries: EntryQuerySet, of: str) -> Coalesce:
    """Return what entries of a titre come to, in cents; what undoes one of them undoes its effect."""
    sums = entries.order_by().values(of).annotate(total=Sum("effect")).values("total")
    return Coalesce(Subquery(sums), 0, output_field=models.BigIntegerField())


def total_of(titres: TitreQuerySet) -> Decimal:
    """Return what titres ask for, net, in euros."""
    return euros(titres.order_by().aggregate(total=Sum(signed_cents()))["total"] or 0)


def requested_by_department(campaign: Campaign, departments: Collection[int]) -> dict[int, Decimal]:
    """Add up what was asked for and stands in `campaign`, in `departments`, in one query.

    In euros, by the key of the collectivity's département.
    """
    titres = Titre.objects.filter(
        claim__convention__campaign=campaign,
        claim__convention__collectivity__department__in=departments,
    )
    rows = (
        standing(titres, timezone.localdate())
        .order_by()
        .values_list("claim__convention__collectivity__department")
        .annotate(total=Sum(signed_cents()))
    )
    return {department: euros(cents) for department, cents in rows}


def unsettled(as_at: datetime.date, *beside: str) -> QuerySet[Entry, dict[str, Any]]:
    """Return each account that is not settled on a day: its key, balance in cents, aged from when.

    As dictionaries, with the fields that `beside` names. Of all titres: which are wanted is
    asked of the few columns that come out, not of each entry.
    """
    undone = Entry.objects.filter(reverses__gt=0, on__lte=as_at).order_by().values("reverses")
    issue = Q(kind=EntryKind.ISSUED, titre=F("account"), reverses__isnull=True)
    return (
        Entry.objects.filter(on__lte=as_at)
        .order_by()
        .values("account", *beside)
        .annotate(
            balance=Sum("effect"),
            aged_from=Min(Coalesce("due_on", "on"), filter=issue & ~Q(pk__in=undone)),
        )
        .exclude(balance=0)
    )


class Told(NamedTuple):
    """What is read of a contestation or a decision; of all of them, an entry would cost more."""

    titre: int
    pk: int
    kind: str
    on: datetime.date
    amount: Decimal


def contestations(entries: EntryQuerySet) -> dict[int, list[tuple[Told, Told | None]]]:
    """Return the contestations among entries in force, by the key of their titre, in order.

    Each with its decision, None where there is none; in one query. They are few.
    """
    told = entries.filter(kind__in=(EntryKind.CONTESTED, EntryKind.DECIDED)).order_by("on", "pk")
    of_titre: dict[int, list[Told]] = defaultdict(list)
    for row in told.values_list(*Told._fields):
        of_titre[row[0]].append(Told(*row))
    return {key: answered(rows) for key, rows in of_titre.items()}


def contested(titres: TitreQuerySet, as_at: datetime.date) -> dict[int, Decimal]:
    """Return what recovery is suspended for on a day, by the key of each contested titre.

    In euros: of the contestation that waits, never more than is still owed. In two queries.
    """
    # What came before waits no more, and a decision answers what was contested last.
    since = as_at - datetime.timedelta(days=31 * collection.DECISION_MONTHS)
    told = contestations(Entry.objects.in_force(as_at).filter(on__gte=since))
    waiting = {
        key: made.amount
        for key, found in told.items()
        for made, decision in found
        if suspends(made, decision, as_at)
    }
    left = Sum("account_entries__effect", filter=Q(account_entries__on__lte=as_at), default=0)
    owed = titres.filter(pk__in=list(waiting)).order_by().values_list("pk").annotate(left=left)
    return {key: max(min(waiting[key], euros(balance)), Decimal("0.00")) for key, balance in owed}
