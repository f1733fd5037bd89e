"""The money of a campaign, département by département: from what is expected to what came in.

Each figure is what its list adds up to: a test holds both to one another.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import ExtractYear
from django.utils import timezone

from accounts.models import User
from billing.balances import entries_in_force, in_cents, of_kind, owed, signed_cents, standing
from billing.claims.listing import Shown, showing, with_amounts
from billing.ledger import euros
from billing.models import Entry, Titre
from billing.models.entry import PAYMENTS, EntryKind
from billing.models.titre import TitreQuerySet
from communes.models import Department
from conventions.amendments.models import Amendment
from conventions.campaigns.models import Campaign
from conventions.models import Convention
from conventions.models.convention import ConventionQuerySet

_SETTLED = (EntryKind.REMITTED, EntryKind.WRITTEN_OFF)


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
            Bar(label, amount, max(int(amount * 100 / longest), 0), 8 + place * 30)
            for place, (label, amount) in enumerate(shown)
        ]


def build_board(campaign: Campaign, user: User, territory: Q) -> Board:
    """Add up a campaign in the scope of `user`; `territory` filters collectivities.

    A constant number of queries.
    """
    today = timezone.localdate()
    living = Convention.objects.for_user(user).living().filter(territory, campaign=campaign)
    keys = living.order_by().values("pk")
    found: dict[int, Figures] = defaultdict(Figures)
    _add_conventions(found, living, today)
    titres = Titre.objects.filter(claim__convention__in=keys)
    _add_titres(found, titres, today)
    departments = [
        (department, found[department.pk])
        for department in Department.objects.filter(pk__in=found).order_by("code")
    ]
    return Board(departments, sum_of(figures for _, figures in departments))


def sum_of(figures: Iterable[Figures]) -> Figures:
    """Return the total of some figures."""
    whole = Figures()
    for each in figures:
        for field in fields(Figures):
            setattr(whole, field.name, getattr(whole, field.name) + getattr(each, field.name))
    return whole


def _add_conventions(
    found: dict[int, Figures], living: ConventionQuerySet, today: datetime.date
) -> None:
    place = "collectivity__department"
    signed = living.signed()
    keys = signed.order_by().values("pk")
    changes = Amendment.objects.signed().filter(convention__in=keys)
    decided = entries_in_force(today).filter(
        kind=EntryKind.DECIDED, titre__claim__convention__in=keys
    )
    of_signature = (in_cents("amount"), Q(pk__in=keys))
    for key, cents, of_signed in _by(living, place, in_cents("amount"), of_signature):
        found[key].expected += euros(cents)
        found[key].signed += euros(of_signed)
    for key, cents in _by(changes, f"convention__{place}", in_cents("amount_change")):
        found[key].signed += euros(cents)
        found[key].expected += euros(cents)
    for key, cents in _by(decided, f"titre__claim__convention__{place}", in_cents("amount")):
        found[key].signed -= euros(cents)
        found[key].expected -= euros(cents)
    exempt = showing(with_amounts(signed), Shown.EXEMPT).order_by().values_list(place)
    for key, count in exempt.annotate(Count("pk")):
        found[key].exempt = count


def _add_titres(found: dict[int, Figures], titres: TitreQuerySet, today: datetime.date) -> None:
    place = "claim__convention__collectivity__department"
    is_issued = Q(of_kind(EntryKind.ISSUED, today))
    asked = _by(standing(titres, today), place, signed_cents(), (signed_cents(), is_issued))
    for key, cents, numbered in asked:
        found[key].requested = euros(cents)
        found[key].issued = euros(numbered)
    entries = Entry.objects.filter(titre__in=titres.order_by().values("pk"), on__lte=today)
    of_payments, of_others = (("effect", Q(kind__in=kinds)) for kinds in (PAYMENTS, _SETTLED))
    for key, _, paid, settled in _by(entries, f"titre__{place}", "effect", of_payments, of_others):
        found[key].received = euros(-paid)
        found[key].written_off = euros(-settled)
    department_of = dict(titres.order_by("pk").values_list("pk", place))
    for line in owed(titres, today):
        figures = found[department_of[line.titre_id]]
        figures.balance += line.balance
        figures.contested += line.contested


def _by(
    rows: QuerySet, place: str, amount: Combinable | str, *parts: tuple[Combinable | str, Q]
) -> Iterable[tuple[int, ...]]:
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


def budget_years(user: User) -> list[Year]:
    """Return what was issued and received in each year, whatever its campaign, newest first."""
    titres = Titre.objects.for_user(user).order_by().values("pk")
    entries = (
        Entry.objects.filter(titre__in=titres, on__lte=timezone.localdate())
        .order_by()
        .annotate(year=ExtractYear("on"))
    )
    counted = entries.filter(kind__in=(EntryKind.ISSUED, *PAYMENTS))
    of_issues, of_payments = (
        ("effect", Q(kind__in=kinds)) for kinds in ([EntryKind.ISSUED], PAYMENTS)
    )
    years = [
        Year(year, issued=euros(asked), received=euros(-paid))
        for year, _, asked, paid in _by(counted, "year", "effect", of_issues, of_payments)
    ]
    return sorted(years, key=lambda each: -each.year)
