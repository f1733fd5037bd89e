"""A campaign by budget year: what its titres asked for in the year of their issue, and what came of it.

What is asked for belongs to the year of its titre's issue, which nobody knows before; so do what
of it is contested and what is left. What came in, or was given up, belongs to the year of its day
(LOLF, article 28). What has no year yet stands on a line of its own: columns add up to the board's.
"""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal

from django.db import models
from django.db.models import Case, F, Min, OuterRef, Q, Subquery, Sum, When
from django.utils import timezone

from accounts.models import User
from accounts.scope import collectivity_scope
from billing.balances import contested
from billing.ledger import cents, euros
from billing.models import Entry, Titre
from billing.models.entry import PAYMENTS, SETTLED, EntryKind, EntryQuerySet
from billing.recovery.board import OF_ENTRY, Board, Figures, living_of
from conventions.campaigns.models import Campaign

_OF_CONVENTION = "titre__claim__convention"


@dataclass(frozen=True)
class YearLine:
    """A budget year of a campaign; `year` is None for what no titre was issued for yet."""

    year: int | None
    figures: Figures = field(default_factory=Figures)


def years_of(campaign: Campaign, user: User, territory: Q, board: Board) -> list[YearLine]:
    """Return the budget years of a campaign, the first one first, then what has none.

    `board` is that of the same choice: its total is what all lines add up to. In three queries at
    most.
    """
    today = timezone.localdate()
    living = living_of(campaign, user, territory).order_by().values("pk")
    entries = Entry.objects.filter(on__lte=today, **{f"{_OF_CONVENTION}__in": living})
    years: dict[int, Figures] = defaultdict(Figures)
    for day, issued, paid, settled in _by_day(entries):
        figures = years[day.year]
        figures.issued += euros(issued)
        figures.received -= euros(paid)
        figures.written_off -= euros(settled)
    for year, left in _left(entries, today).items():
        years[year].balance += euros(left)
    if board.suspended:
        issues = _issues(Entry.objects.filter(titre__in=list(board.suspended)), today)
        for day, titre in issues.order_by().values_list("on", "titre"):
            years[day.year].contested += board.suspended[titre]
    lines = [YearLine(year, asked_in(years[year])) for year in sorted(years)]
    return [*lines, YearLine(None, _less(board.total, [line.figures for line in lines]))]


def asked_in(figures: Figures) -> Figures:
    """Return the figures of a year: what is issued was expected, signed and requested."""
    return replace(
        figures, expected=figures.issued, signed=figures.issued, requested=figures.issued
    )


def _less(whole: Figures, years: Sequence[Figures]) -> Figures:
    left = {
        each.name: getattr(whole, each.name) - sum(getattr(year, each.name) for year in years)
        for each in fields(Figures)
    }
    return Figures(**left)


def _by_day(entries: EntryQuerySet) -> models.QuerySet:
    """By day, of which there are few: SQLite takes the year of each row one by one."""
    sums = (
        Sum("effect", filter=Q(kind__in=kinds), default=0)
        for kinds in ((EntryKind.ISSUED,), PAYMENTS, SETTLED)
    )
    issued, paid, settled = sums
    return entries.order_by().values_list("on").annotate(issued=issued, paid=paid, settled=settled)


def _left(entries: EntryQuerySet, today: datetime.date) -> dict[int, int]:
    """Return what is left of the accounts that are not settled, by the year of their issue."""
    # As `unsettled`: undone ones are read once, not asked for of each entry.
    undone = Entry.objects.filter(reverses__gt=0, on__lte=today).order_by().values("reverses")
    issue = Q(kind=EntryKind.ISSUED, titre=F("account"), reverses__isnull=True)
    rows = (
        entries.order_by()
        .values_list("account")
        .annotate(issued_on=Min("on", filter=issue & ~Q(pk__in=undone)), left=Sum("effect"))
        .exclude(left=0)
    )
    years: dict[int, int] = defaultdict(int)
    for _, day, left in rows:
        if day:
            years[day.year] += left
    return years


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
        living = living_of(campaign, user, Q()).order_by().values("pk")
        found = found.filter(**{f"{_OF_CONVENTION}__in": living})
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
