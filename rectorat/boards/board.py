"""How many conventions of a campaign stand where, by académie and département."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Sum
from django.utils import timezone

from accounts.models import User
from accounts.scope import departments_of
from billing.balances import requested_by_department
from communes.models import Academy, Collectivity, Department
from conventions.amendments.models import Amendment
from conventions.campaigns.models import Campaign
from conventions.lifecycle import CLAIMABLE, State
from conventions.situations import facts
from conventions.situations.expectations import Rule
from conventions.situations.situation import in_order, with_expected
from figures.kept import of_departments


@dataclass
class Tally:
    """Enrolled schools, conventions by state and amounts (euros) of one territory.

    Avenants signed by both count in the amounts; `billed` is what was asked of the accountant and stands.
    """

    schools: int = 0
    late: int = 0
    outdated: int = 0
    billed: Decimal = Decimal(0)
    by_state: Counter[str] = field(default_factory=Counter)
    amounts: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, other: "Tally") -> None:
        self.schools += other.schools
        self.late += other.late
        self.outdated += other.outdated
        self.billed += other.billed
        self.by_state.update(other.by_state)
        for state, amount in other.amounts.items():
            self.amounts[state] += amount

    @property
    def states(self) -> list[tuple[State, int]]:
        """Each state in the order of a file's life, with its number of conventions."""
        return [(state, self.by_state[state]) for state in State]

    @property
    def conventions(self) -> int:
        """Conventions that live: the abandoned ones left out."""
        return sum(self.by_state.values()) - self.by_state[State.ABANDONED]

    @property
    def bar(self) -> list[tuple[State, int, float, float]]:
        """The living conventions as one bar: state, number, start and width in percent."""
        segments: list[tuple[State, int, float, float]] = []
        start = 0.0
        for state, count in self.states:
            if count and state != State.ABANDONED:
                width = round(100 * count / self.conventions, 3)
                segments.append((state, count, round(start, 3), width))
                start += width
        return segments

    @property
    def expected(self) -> Decimal:
        """What the living conventions amount to, signed or not."""
        return sum((a for state, a in self.amounts.items() if state != State.ABANDONED), Decimal(0))

    @property
    def signed(self) -> Decimal:
        """What the conventions signed by both parties amount to."""
        return sum((self.amounts[state] for state in CLAIMABLE), Decimal(0))


# Of one département: what stands there, and how many files wait by each rule.
_Counted = tuple[Tally, Counter[str]]


@dataclass
class AcademyLines:
    """An académie's own line and those of its départements."""

    academy: Academy
    tally: Tally = field(default_factory=Tally)
    departments: list[tuple[Department, Tally]] = field(default_factory=list)


@dataclass
class Board:
    campaign: Campaign
    total: Tally
    # What the living conventions wait for, each counted once.
    expected: list[tuple[Rule, int]]
    academies: list[AcademyLines]
    # The states whose conventions are counted and amounts added up, as the filter of the list that shows them.
    expected_states = ",".join(state for state in State if state != State.ABANDONED)
    signed_states = ",".join(CLAIMABLE)


def build_board(campaign: Campaign, user: User) -> Board:
    """Count what `user` may see of `campaign`, in a constant number of queries.

    A school counts in the département of the collectivity that pays for it, where its
    convention counts too, and in the list of schools that the count opens.
    """
    in_scope = departments_of(user).select_related("academy")
    found = of_departments(f"board-{campaign.pk}", in_scope, partial(_counted, campaign))
    total = Tally()
    expected: Counter[str] = Counter()
    academies: dict[int, AcademyLines] = {}
    for department, (tally, waiting) in found:
        lines = academies.setdefault(department.academy_id, AcademyLines(department.academy))
        lines.departments.append((department, tally))
        lines.tally.add(tally)
        total.add(tally)
        expected.update(waiting)
    return Board(
        campaign=campaign,
        total=total,
        expected=in_order(expected),
        academies=sorted(academies.values(), key=lambda lines: lines.academy.name),
    )


def _counted(campaign: Campaign, departments: list[int]) -> dict[int, _Counted]:
    """Count what stands in each of `departments`, and how many files wait by each rule."""
    tallies: dict[int, Tally] = defaultdict(Tally)
    expected: dict[int, Counter[str]] = defaultdict(Counter)
    for department, state, rule, count, amount, late, outdated in _files(campaign, departments):
        tally = tallies[department]
        tally.by_state[state] += count
        tally.amounts[state] += amount
        tally.late += late
        tally.outdated += outdated
        expected[department][rule] += count
    changes = (
        Amendment.objects.signed()
        .filter(convention__campaign=campaign, convention__collectivity__department__in=departments)
        .order_by()
        .values_list("convention__collectivity__department", "convention__state")
        .annotate(Sum("amount_change"))
    )
    for department, state, amount in changes:
        tallies[department].amounts[state] += amount
    for department, amount in requested_by_department(campaign, departments).items():
        tallies[department].billed = amount
    for department, count in _schools(campaign, departments):
        tallies[department].schools += count
    return {key: (tally, expected[key]) for key, tally in tallies.items()}


def _files(campaign: Campaign, departments: list[int]) -> QuerySet[Any, Any]:
    """The conventions by département, state and what they wait for, counted in one query."""
    today = timezone.localdate()
    conventions = campaign.conventions.filter(collectivity__department__in=departments)
    rows = with_expected(conventions.order_by()).values_list(
        F("collectivity__department"), F("state"), F("expected")
    )
    return rows.annotate(
        Count("pk"),
        Sum("amount"),
        late=Count("pk", filter=facts.LATE.condition(today)),
        outdated=Count("pk", filter=facts.OUTDATED.condition(today)),
    )


def _schools(campaign: Campaign, departments: list[int]) -> QuerySet[Any, Any]:
    """The enrolled schools by the département of who pays for them."""
    payer = Collectivity.objects.filter(pk=OuterRef("payer_id"))
    return (
        campaign.enrolments.with_payer(campaign)
        .enrolled()
        .order_by()
        .annotate(payer_department=Subquery(payer.values("department")))
        .filter(payer_department__in=departments)
        .values_list(F("payer_department"))
        .annotate(Count("pk"))
    )
