"""The money of a campaign, département by département: from what is expected to what came in.

Each figure is what its list adds up to: a test holds both to one another.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal

from django.db.models import Q, Sum
from django.utils import timezone

from accounts.models import User
from accounts.scope import collectivity_scope, departments_of
from billing.balances import contested
from billing.claims.listing import Share, shares_by
from billing.ledger import euros
from billing.models import Entry, Titre
from billing.models.entry import PAYMENTS, EntryKind
from communes.models import Department
from conventions.campaigns.models import Campaign
from conventions.models import Convention
from conventions.models.convention import ConventionQuerySet
from figures.kept import of_departments

_DEPARTMENT = "collectivity__department"


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
    """A campaign's figures; `suspended` is what is contested of each titre, by its key."""

    departments: list[tuple[Department, Figures]]
    total: Figures
    suspended: Mapping[int, Decimal] = field(default_factory=dict)

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
    """Add up a campaign in the scope of `user`; `territory` filters départements.

    A constant number of queries; conventions of those alone where something changed.
    """
    chosen = departments_of(user).filter(territory).order_by("code")

    def count(keys: list[int]) -> dict[int, Share]:
        within = Q(**{f"{_DEPARTMENT}__in": keys})
        living = Convention.objects.living().filter(within, campaign=campaign)
        return {share.key: share for share in shares_by(living, _DEPARTMENT)}

    kept = of_departments(f"titres:{campaign.pk}", chosen, count)
    departments = [(department, _figures(share)) for department, share in kept]
    found = {department.pk: figures for department, figures in departments}
    living = living_of(campaign, user, Q(**{f"{_DEPARTMENT}__in": list(found)}))
    suspended = _add_contested(found, living)
    return Board(departments, sum_of(found.values()), suspended)


def living_of(campaign: Campaign, user: User, territory: Q) -> ConventionQuerySet:
    """Return the conventions that the board of a campaign, and the lists it opens, are made of."""
    return Convention.objects.for_user(user).living().filter(territory, campaign=campaign)


def sum_of(figures: Iterable[Figures]) -> Figures:
    """Return the total of some figures."""
    whole = Figures()
    for each in figures:
        for name in (figure.name for figure in fields(Figures)):
            setattr(whole, name, getattr(whole, name) + getattr(each, name))
    return whole


def _figures(share: Share) -> Figures:
    return Figures(
        expected=euros(share.due),
        signed=euros(share.signed),
        requested=euros(share.asked),
        issued=euros(share.issued),
        received=euros(share.received),
        written_off=euros(share.settled),
        balance=euros(share.balance),
        exempt=share.exempt,
    )


def _add_contested(found: dict[int, Figures], living: ConventionQuerySet) -> Mapping[int, Decimal]:
    titres = Titre.objects.filter(claim__convention__in=living.order_by().values("pk"))
    suspended = contested(titres, timezone.localdate())
    places = Titre.objects.filter(pk__in=suspended).order_by("pk")
    for key, place in places.values_list("pk", f"claim__convention__{_DEPARTMENT}"):
        found[place].contested += suspended[key]
    return suspended


@dataclass
class Year:
    """A budget year: titres issued in it, net, and what came in during it (LOLF, article 28)."""

    year: int
    issued: Decimal = Decimal("0.00")
    received: Decimal = Decimal("0.00")


# Where an entry finds the collectivity whose convention it is about.
OF_ENTRY = "titre__claim__convention__collectivity"


def budget_years(user: User, territory: Q) -> list[Year]:
    """Return what was issued and received in each year, whatever its campaign, newest first.

    `territory` filters by `OF_ENTRY`.
    """
    entries = Entry.objects.filter(
        collectivity_scope(user, OF_ENTRY), territory, on__lte=timezone.localdate()
    )
    # Whatever their kind: an index holds all that is read here. By day, of which there are few:
    # SQLite takes the year of each row one by one.
    asked = Sum("effect", filter=Q(kind=EntryKind.ISSUED))
    paid = Sum("effect", filter=Q(kind__in=PAYMENTS))
    years: dict[int, Year] = {}
    by_day = entries.order_by().values_list("on").annotate(asked=asked, paid=paid)
    for day, issued, received in by_day:
        if issued is None and received is None:
            continue
        year = years.setdefault(day.year, Year(day.year))
        year.issued += euros(issued or 0)
        year.received += euros(-(received or 0))
    return sorted(years.values(), key=lambda each: -each.year)
