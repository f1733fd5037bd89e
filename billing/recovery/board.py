"""The money of a campaign, département by département: from what is expected to what came in.

Each figure is what its list adds up to: a test holds both to one another.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from django.db.models import Case, Q, QuerySet, Sum, Value, When
from django.db.models.expressions import Combinable
from django.utils import timezone

from accounts.models import User
from accounts.scope import collectivity_scope
from billing.balances import contested, in_cents, of_kind, signed_cents, standing
from billing.claims.listing import Shown, showing
from billing.ledger import euros
from billing.models import Entry, Titre
from billing.models.entry import PAYMENTS, SETTLED, EntryKind, EntryQuerySet
from billing.models.titre import TitreQuerySet
from communes.models import Department
from conventions.amendments.models import Amendment
from conventions.campaigns.models import Campaign
from conventions.models import Convention
from conventions.models.convention import ConventionQuerySet


@dataclass
class Figures:
    """Of one département, or of all: euros, and how many conventions are exempt.

    `expected` is what every living convention asks for, signed or not; `written_off` takes in
    what was remitted.
    """

    expected: Decimal = Decimal("0.00")
    signed: Decimal = Decimal("0.00")
    requested: Decimal = Decimal("0.00")
    issued: Decimal = Decimal("0.00")
    received: Decimal = Decimal("0.00")
    contested: Decimal = Decimal("0.00")
    written_off: Decimal = Decimal("0.00")
    balance: Decimal = Decimal("0.00")
    exempt: int = 0


@dataclass(frozen=True)
class Bar:
    """One line of the plot; `width` is in hundredths of the longest."""

    label: str
    amount: Decimal
    width: int
    y: int


@dataclass(frozen=True)
class Board:
    departments: list[tuple[Department, Figures]]
    total: Figures

    @property
    def bars(self) -> list[Bar]:
        """The figures in the order of a titre's life, as a plot."""
        shown = [
            ("Attendu", self.total.expected),
            ("Signé", self.total.signed),
            ("Demandé", self.total.requested),
            ("Émis", self.total.issued),
            ("Encaissé", self.total.received),
        ]
        longest = max(amount for _, amount in shown) or Decimal(1)
        return [
            # However small, what is there is seen.
            Bar(label, amount, max(int(amount * 100 / longest), int(amount > 0)), 8 + place * 30)
            for place, (label, amount) in enumerate(shown)
        ]


def build_board(campaign: Campaign, user: User, territory: Q) -> Board:
    """Add up a campaign in the scope of `user`; `territory` filters collectivities.

    A constant number of queries.
    """
    today = timezone.localdate()
    living = living_of(campaign, user, territory)
    keys = living.order_by().values("pk")
    found: dict[int, Figures] = defaultdict(Figures)
    _add_conventions(found, living)
    titres = Titre.objects.filter(claim__convention__in=keys)
    _add_titres(found, titres, today)
    departments = [
        (department, found[department.pk])
        for department in Department.objects.filter(pk__in=found).order_by("code")
    ]
    return Board(departments, sum_of(figures for _, figures in departments))


def living_of(campaign: Campaign, user: User, territory: Q) -> ConventionQuerySet:
    """Return the conventions that the board of a campaign, and the lists it opens, are made of."""
    return Convention.objects.for_user(user).living().filter(territory, campaign=campaign)


def sum_of(figures: Iterable[Figures]) -> Figures:
    """Return the total of some figures."""
    whole = Figures()
    for each in figures:
        for field in fields(Figures):
            setattr(whole, field.name, getattr(whole, field.name) + getattr(each, field.name))
    return whole


def _add_conventions(found: dict[int, Figures], living: ConventionQuerySet) -> None:
    place = "collectivity__department"
    signed = living.signed()
    exempt = showing(signed, Shown.EXEMPT).order_by().values("pk")
    parts = (
        (in_cents("amount"), Q(pk__in=signed.order_by().values("pk"))),
        (Value(1), Q(pk__in=exempt)),
    )
    for key, cents, of_signed, exempted in _by(living, place, in_cents("amount"), *parts):
        found[key].expected += euros(cents)
        found[key].signed += euros(of_signed)
        found[key].exempt = exempted
    changes = Amendment.objects.signed().filter(convention__in=signed.order_by().values("pk"))
    for key, cents in _by(changes, f"convention__{place}", in_cents("amount_change")):
        found[key].signed += euros(cents)
        found[key].expected += euros(cents)


def _add_titres(found: dict[int, Figures], titres: TitreQuerySet, today: datetime.date) -> None:
    place = "claim__convention__collectivity__department"
    is_issued = Q(of_kind(EntryKind.ISSUED, today))
    asked = _by(standing(titres, today), place, signed_cents(), (signed_cents(), is_issued))
    for key, cents, numbered in asked:
        found[key].requested = euros(cents)
        found[key].issued = euros(numbered)
    entries = Entry.objects.filter(titre__in=titres.order_by().values("pk"), on__lte=today)
    parts = (
        ("effect", Q(kind__in=PAYMENTS)),
        ("effect", Q(kind__in=SETTLED)),
        (_granted(), Q(kind=EntryKind.DECIDED)),
    )
    for key, left, paid, settled, granted in _by(entries, f"titre__{place}", "effect", *parts):
        figures = found[key]
        figures.balance = euros(left)
        figures.received = euros(-paid)
        figures.written_off = euros(-settled)
        figures.signed -= euros(granted)
        figures.expected -= euros(granted)
    suspended = contested(titres, today)
    department_of = dict(titres.filter(pk__in=suspended).order_by("pk").values_list("pk", place))
    for key, amount in suspended.items():
        found[department_of[key]].contested += amount


def _granted() -> Case:
    """Return what a decision takes from the amount due, in cents; its reversal gives it back."""
    return Case(
        When(reverses__isnull=True, then=in_cents("amount")), default=-1 * in_cents("amount")
    )


def _by(
    rows: QuerySet, place: str, amount: Combinable | str, *parts: tuple[Combinable | str, Q]
) -> Iterable[tuple[Any, ...]]:
    """Return (key, cents, cents of each part) of a queryset, added up by what `place` leads to."""
    sums = {
        f"part_{number}": Sum(part, filter=condition, default=0)
        for number, (part, condition) in enumerate(parts)
    }
    return rows.order_by().values_list(place).annotate(total=Sum(amount), **sums)


@dataclass
class Year:
    """A budget year: titres issued in it, net, and what came in during it (LOLF, article 28)."""

    year: int
    issued: Decimal = Decimal("0.00")
    received: Decimal = Decimal("0.00")


# Where an entry finds the collectivity whose convention it is about.
OF_ENTRY = "titre__claim__convention__collectivity"


def of_budget_years(user: User, territory: Q) -> EntryQuerySet:
    """Return the entries that budget years are made of; `territory` filters by `OF_ENTRY`."""
    return Entry.objects.filter(
        collectivity_scope(user, OF_ENTRY),
        territory,
        on__lte=timezone.localdate(),
        kind__in=(EntryKind.ISSUED, *PAYMENTS),
    )


def budget_years(user: User, territory: Q) -> list[Year]:
    """Return what was issued and received in each year, whatever its campaign, newest first."""
    entries = of_budget_years(user, territory)
    of_issues, of_payments = (
        ("effect", Q(kind__in=kinds)) for kinds in ([EntryKind.ISSUED], PAYMENTS)
    )
    years: dict[int, Year] = {}
    # By day, of which there are few: SQLite takes the year of each row one by one.
    for day, _, asked, paid in _by(entries, "on", "effect", of_issues, of_payments):
        year = years.setdefault(day.year, Year(day.year))
        year.issued += euros(asked)
        year.received += euros(-paid)
    return sorted(years.values(), key=lambda each: -each.year)
