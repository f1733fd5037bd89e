"""How many conventions of a campaign stand where, by académie and département."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, F, OuterRef, Subquery, Sum
from django.utils import timezone

from accounts.models import User
from accounts.scope import within_scope
from billing.balances import requested_by_department
from communes.models import Academy, Collectivity, Department
from conventions.amendments.models import Amendment
from conventions.campaigns.models import Campaign
from conventions.lifecycle import CLAIMABLE, State
from conventions.models import Convention
from conventions.situations import facts
from conventions.situations.expectations import Rule
from conventions.situations.situation import in_order, with_expected


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
    files = _Files(campaign, user)
    tallies = _tallies_by_department(campaign, user, files)
    total = Tally()
    academies: dict[int, AcademyLines] = {}
    departments = Department.objects.filter(pk__in=tallies).select_related("academy")
    for department in departments:
        lines = academies.setdefault(department.academy_id, AcademyLines(department.academy))
        lines.departments.append((department, tallies[department.pk]))
        lines.tally.add(tallies[department.pk])
        total.add(tallies[department.pk])
    return Board(
        campaign=campaign,
        total=total,
        expected=files.expected(),
        academies=sorted(academies.values(), key=lambda lines: lines.academy.name),
    )


class _Files:
    """The conventions by département, state and what they wait for, counted in one query."""

    def __init__(self, campaign: Campaign, user: User) -> None:
        today = timezone.localdate()
        conventions = Convention.objects.for_user(user).filter(campaign=campaign).order_by()
        rows = with_expected(conventions).values_list(
            F("collectivity__department"), F("state"), F("expected")
        )
        self.rows = rows.annotate(
            Count("pk"),
            Sum("amount"),
            late=Count("pk", filter=facts.LATE.condition(today)),
            outdated=Count("pk", filter=facts.OUTDATED.condition(today)),
        )

    def tallies(self) -> dict[int, Tally]:
        """What stands where, by the key of the département."""
        tallies: dict[int, Tally] = defaultdict(Tally)
        for department, state, _, count, amount, late, outdated in self.rows:
            tally = tallies[department]
            tally.by_state[state] += count
            tally.amounts[state] += amount
            tally.late += late
            tally.outdated += outdated
        return tallies

    def expected(self) -> list[tuple[Rule, int]]:
        """The living files by what they wait for: the rules in order, those with files."""
        found: Counter[str] = Counter()
        for _, _, expected, count, *_ in self.rows:
            found[expected] += count
        return in_order(found)


def _tallies_by_department(campaign: Campaign, user: User, files: _Files) -> dict[int, Tally]:
    tallies = files.tallies()
    changes = (
        Amendment.objects.signed()
        .filter(convention__in=campaign.conventions.for_user(user).order_by().values("pk"))
        .order_by()
        .values_list("convention__collectivity__department", "convention__state")
        .annotate(Sum("amount_change"))
    )
    for department, state, amount in changes:
        tallies[department].amounts[state] += amount
    for department, amount in requested_by_department(campaign, user).items():
        tallies[department].billed = amount
    payer = Collectivity.objects.filter(pk=OuterRef("payer_id"))
    schools = (
        campaign.enrolments.with_payer(campaign)
        .filter(within_scope(user, "payer_id"))
        .enrolled()
        .order_by()
        .annotate(payer_department=Subquery(payer.values("department")))
        .values_list(F("payer_department"))
        .annotate(Count("pk"))
    )
    for department, count in schools:
        tallies[department].schools += count
    return tallies
