"""Budget years: what titres asked for in the year of their issue, and what came of it.

What is asked for belongs to the year of its titre's issue, which nobody knows before; so do what
of it is contested and what is left. What came in, or was given up, belongs to the year of its day
(LOLF, article 28).
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from django.db import models
from django.db.models import Case, F, Min, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.utils import timezone

from accounts.models import User
from accounts.scope import collectivity_scope
from billing.balances import contested
from billing.ledger import cents, euros
from billing.models import Entry, Titre
from billing.models.entry import PAYMENTS, SETTLED, EntryKind, EntryQuerySet
from billing.recovery.columns import Figures, sum_of
from communes.models import Department
from conventions.campaigns.models import Campaign
from figures.kept import of_departments

# Where an entry finds its campaign, and the collectivity whose convention it is about.
_CAMPAIGN = "titre__claim__convention__campaign"
OF_ENTRY = "titre__claim__convention__collectivity"
_HOME = f"{OF_ENTRY}__department"


class YearLine(NamedTuple):
    """A budget year; `year` is None for what no titre was issued for yet."""

    year: int | None
    figures: Figures


class YearOfCampaign(NamedTuple):
    """What a campaign, by its key, comes to in a budget year."""

    campaign: int
    year: int
    figures: Figures


def by_year(parts: Iterable[YearOfCampaign]) -> list[YearLine]:
    """Add up the parts of each year, the first year first."""
    found: dict[int, list[Figures]] = defaultdict(list)
    for part in parts:
        found[part.year].append(part.figures)
    return [YearLine(year, sum_of(found[year])) for year in sorted(found)]


def years_of(departments: QuerySet[Department]) -> list[tuple[Department, list[YearOfCampaign]]]:
    """Return the budget years of each campaign in each of `departments`, kept until one changes.

    What is issued was expected, signed and requested.
    """
    return of_departments("exercices", departments, _counted)


def _counted(keys: list[int]) -> dict[int, list[YearOfCampaign]]:
    today = timezone.localdate()
    entries = Entry.objects.filter(on__lte=today, **{f"{_HOME}__in": keys}).order_by()
    found: dict[tuple[int, int, int], Figures] = defaultdict(Figures)
    for home, campaign, day, issued, paid, settled in _by_day(entries):
        figures = found[home, campaign, day.year]
        figures.issued += euros(issued)
        figures.received -= euros(paid)
        figures.written_off -= euros(settled)
    for home, campaign, _, day, left in _left(entries, today):
        if day:
            found[home, campaign, day.year].balance += euros(left)
    # They are few.
    suspended = contested(Titre.objects.all(), today)
    issues = _issues(entries.filter(titre__in=list(suspended)), today)
    for home, campaign, day, titre in issues.values_list(_HOME, _CAMPAIGN, "on", "titre"):
        found[home, campaign, day.year].contested += suspended[titre]
    parts = defaultdict(list)
    for (home, campaign, year), figures in found.items():
        if figures != Figures():
            parts[home].append(YearOfCampaign(campaign, year, _asked_in(figures)))
    return parts


def _asked_in(figures: Figures) -> Figures:
    return replace(
        figures, expected=figures.issued, signed=figures.issued, requested=figures.issued
    )


def _by_day(entries: EntryQuerySet) -> QuerySet:
    """By day, of which there are few: SQLite takes the year of each row one by one."""
    sums = {
        name: Sum("effect", filter=Q(kind__in=kinds), default=0)
        for name, kinds in (
            ("issued", (EntryKind.ISSUED,)),
            ("paid", PAYMENTS),
            ("settled", SETTLED),
        )
    }
    return entries.values_list(_HOME, _CAMPAIGN, "on").annotate(**sums)


def _left(entries: EntryQuerySet, today: datetime.date) -> QuerySet:
    """Return what is left of each account that is not settled, and when its titre was issued."""
    # As `unsettled`: undone ones are read once, not asked for of each entry.
    undone = Entry.objects.filter(reverses__gt=0, on__lte=today).order_by().values("reverses")
    issue = Q(kind=EntryKind.ISSUED, titre=F("account"), reverses__isnull=True)
    return (
        entries.values_list(_HOME, _CAMPAIGN, "account")
        .annotate(issued_on=Min("on", filter=issue & ~Q(pk__in=undone)), left=Sum("effect"))
        .exclude(left=0)
    )


def _issues(entries: EntryQuerySet, today: datetime.date) -> EntryQuerySet:
    """Leave the issues of titres that have an account of their own, in force."""
    return entries.filter(kind=EntryKind.ISSUED, titre=F("account")).in_force(today)


# --- What a figure of a year is made of ----------------------------------------------
class YearFigure(models.TextChoices):
    """The figures of a budget year."""

    ISSUED = "emis", "Émis dans l'année, net"
    RECEIVED = "encaisse", "Encaissé dans l'année"
    SETTLED = "remis-ou-non-valeur", "Remis ou admis en non-valeur dans l'année"
    CONTESTED = "conteste", "Contesté, des titres émis dans l'année"
    BALANCE = "reste-du", "Reste dû, des titres émis dans l'année"


@dataclass(frozen=True)
class YearList:
    """The entries that a figure adds up, in the order of facts, each with its `share` in cents."""

    rows: EntryQuerySet
    total: Decimal


def list_of(
    figure: YearFigure, year: int, user: User, territory: Q, campaign: Campaign | None
) -> YearList:
    """Return what a figure of a budget year is made of, of one campaign or of all.

    Of what is contested or left, the issue of its titre. Undone entries and those that undo them
    stand side by side. `territory` filters by `OF_ENTRY`.
    """
    today = timezone.localdate()
    in_year = (datetime.date(year, 1, 1), datetime.date(year, 12, 31))
    found = Entry.objects.filter(
        collectivity_scope(user, OF_ENTRY), territory, on__range=in_year
    ).filter(on__lte=today)
    if campaign:
        found = found.filter(**{_CAMPAIGN: campaign})
    found = found.select_related("titre").order_by("on", "pk")
    rows = _with_shares(figure, found, today)
    return YearList(rows, euros(rows.aggregate(total=Sum("share", default=0))["total"]))


def _with_shares(figure: YearFigure, found: EntryQuerySet, today: datetime.date) -> EntryQuerySet:
    match figure:
        case YearFigure.CONTESTED:
            # They are few.
            titres = Titre.objects.filter(pk__in=found.order_by().values("titre"))
            suspended = contested(titres, today)
            shares = (When(titre=key, then=cents(amount)) for key, amount in suspended.items())
            share = Case(*shares, default=0, output_field=models.BigIntegerField())
            return _issues(found, today).annotate(share=share).filter(share__gt=0)
        case YearFigure.BALANCE:
            counted = Entry.objects.filter(account=OuterRef("titre"), on__lte=today).order_by()
            left = counted.values("account").annotate(left=Sum("effect")).values("left")
            return _issues(found, today).annotate(share=Subquery(left)).exclude(share=0)
        case YearFigure.ISSUED:
            return found.filter(kind=EntryKind.ISSUED).annotate(share=F("effect"))
    kinds = PAYMENTS if figure == YearFigure.RECEIVED else SETTLED
    return found.filter(kind__in=kinds).annotate(share=-F("effect"))
