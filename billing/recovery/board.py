"""The money of a campaign, département by département: from what is expected to what came in.

Each figure is what its list adds up to: a test holds both to one another.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import chain

from django.db.models import Q

from accounts.models import User
from accounts.scope import departments_of
from billing.claims.listing import Share, shares_by_department
from billing.ledger import euros
from billing.recovery.columns import Figures, sum_of
from billing.recovery.years import YearLine, YearOfCampaign, by_year, years_of
from communes.models import Department
from conventions.campaigns.models import Campaign
from conventions.models import Convention
from conventions.models.convention import ConventionQuerySet
from figures.kept import of_departments


@dataclass(frozen=True)
class Bar:
    """One line of the plot; `width` is in hundredths of the longest."""

    label: str
    amount: Decimal
    width: int
    y: int


@dataclass(frozen=True)
class Board:
    """A campaign's figures by département, and by budget year: both add up to `total`.

    `years` ends with what has no year yet. `all_years` are those of all campaigns, newest first.
    """

    departments: list[tuple[Department, Figures]]
    total: Figures
    years: list[YearLine]
    all_years: list[YearLine]

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

    A constant number of queries; of those départements alone where something changed.
    """
    chosen = departments_of(user).filter(territory).order_by("code")
    parts = dict(years_of(chosen))
    shares = of_departments(f"titres:{campaign.pk}", chosen, partial(_counted, campaign))
    departments = []
    for department, share in shares:
        of_campaign = _of_campaign(campaign, parts.get(department, ()))
        contested = sum_of(part.figures for part in of_campaign).contested
        departments.append((department, _figures(share, contested)))
    total = sum_of(figures for _, figures in departments)
    everywhere = list(chain.from_iterable(parts.values()))
    years = by_year(_of_campaign(campaign, everywhere))
    left = total - sum_of(line.figures for line in years)
    all_years = by_year(everywhere)
    return Board(departments, total, [*years, YearLine(None, left)], all_years[::-1])


def _counted(campaign: Campaign, keys: list[int]) -> dict[int, Share]:
    within = Q(collectivity__department__in=keys)
    living = Convention.objects.living().filter(within, campaign=campaign)
    return {share.department: share for share in shares_by_department(living)}


def _of_campaign(campaign: Campaign, parts: Iterable[YearOfCampaign]) -> list[YearOfCampaign]:
    return [part for part in parts if part.campaign == campaign.pk]


def living_of(campaign: Campaign, user: User, territory: Q) -> ConventionQuerySet:
    """Return the conventions that the board of a campaign is made of, and the lists it opens."""
    return Convention.objects.for_user(user).living().filter(territory, campaign=campaign)


def _figures(share: Share, contested: Decimal) -> Figures:
    return Figures(
        expected=euros(share.due),
        signed=euros(share.signed),
        requested=euros(share.asked),
        issued=euros(share.issued),
        received=euros(share.received),
        contested=contested,
        written_off=euros(share.settled),
        balance=euros(share.balance),
        exempt=share.exempt,
    )
