"""Where a file stands: what is expected now, of whom, until when, in words for each side.

The one answer that every page, list, e-mail and count reads. The first rule that holds
(`expectations.RULES`) is what the file waits for: every living file is counted by exactly
one. The first that holds of one side is what that side may do meanwhile.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Case, CharField, Q, Value, When
from django.utils import timezone

from conventions.exchanges.models import Side
from conventions.models import Convention
from conventions.models.convention import ConventionQuerySet
from conventions.situations import warnings
from conventions.situations.expectations import RULES, Rule


@dataclass(frozen=True)
class Situation:
    """`now` is what the file waits for; of each side, what it may do, or None."""

    now: Rule
    town_hall: Rule | None
    rectorat: Rule | None
    due_on: datetime.date | None
    convention: Convention

    @property
    def unusual(self) -> list[str]:
        """What deserves attention beside, in words."""
        return warnings.found_on(self.convention)

    def of(self, side: str) -> Rule | None:
        """Return what one side may do now, or None."""
        return self.town_hall if side == Side.TOWN_HALL else self.rectorat


def situation(convention: Convention) -> Situation | None:
    """Return where a file stands today; None once it was given up.

    Reads its act, its parts (`parts.PARTS`) and its pieces: no query where they were fetched.
    """
    today = timezone.localdate()
    found = [rule for rule in RULES if rule.holds(convention, today)]
    if not found:
        return None
    if found[0].closes:
        found = found[:1]
    town_hall = next((rule for rule in found if rule.of == Side.TOWN_HALL), None)
    return Situation(
        now=found[0],
        town_hall=town_hall,
        rectorat=next((rule for rule in found if rule.of == Side.RECTORAT), None),
        due_on=(town_hall or found[0]).until(convention),
        convention=convention,
    )


# --- Of many files -----------------------------------------------------------
def with_expected(conventions: ConventionQuerySet) -> ConventionQuerySet:
    """Annotate `expected`: the key of the rule that each file waits by, "" once given up."""
    today = timezone.localdate()
    cases = [When(rule.condition(today), then=Value(rule.key)) for rule in RULES]
    return conventions.annotate(
        expected=Case(*cases, default=Value(""), output_field=CharField(max_length=30))
    )


def expecting(conventions: ConventionQuerySet, *keys: str) -> ConventionQuerySet:
    """Leave the files that wait by one of the rules `keys`."""
    waiting = with_expected(Convention.objects.order_by()).filter(Q(expected__in=keys))
    return conventions.filter(pk__in=waiting.values("pk"))


def in_order(found: Mapping[str, int]) -> list[tuple[Rule, int]]:
    """Return how many files wait by each rule, counted by its key: in their order, those with files."""
    return [(rule, found[rule.key]) for rule in RULES if found.get(rule.key)]
