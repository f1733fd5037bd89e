"""What a tariff would come to for the collectivities of a campaign, before it is chosen."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import User
from communes.models import Collectivity
from conventions.campaigns.models import Campaign
from conventions.campaigns.tariff_words import calculation
from conventions.campaigns.tariffs import ZERO, Counted, Relief, Tariff
from conventions.models import Enrolment

SHOWN = 12


@dataclass(frozen=True)
class Example:
    """A collectivity: its schools, their pupils and classes (None: not all are known).

    `now` is what it owes at the tariff of the campaign, `then` at the one that is tried:
    None where a number is missing; `words` say how it comes about.
    """

    payer: Collectivity
    schools: int
    pupils: int | None
    classes: int | None
    now: Decimal | None
    then: Decimal | None
    words: str

    @property
    def difference(self) -> Decimal | None:
        return None if self.now is None or self.then is None else self.then - self.now


@dataclass(frozen=True)
class Examples:
    """Some of them, from the smallest to the largest, and what all come to.

    `without` counts those of which a number is missing: they are in neither total.
    """

    shown: list[Example]
    collectivities: int
    without: int
    now: Decimal
    then: Decimal


def examples_of(campaign: Campaign, tariff: Tariff, user: User) -> Examples:
    """Try `tariff` on the schools enrolled in `campaign`, exceptions included.

    Their numbers are those of today. Three queries.
    """
    by_payer = defaultdict(list)
    for line in (
        campaign.enrolments.payable(campaign, user).enrolled().select_related("school", "typed")
    ):
        by_payer[line.payer_id].append(line)
    payers = Collectivity.objects.in_bulk(by_payer)
    reliefs = campaign.exceptions(by_payer)
    found = []
    for key, lines in by_payer.items():
        relief = reliefs[key].relief if key in reliefs else None
        now, _ = _try(campaign.rule, lines, relief)
        then, words = _try(tariff, lines, relief)
        pupils = _sum([line.number_of(Counted.PUPIL) for line in lines])
        classes = _sum([line.number_of(Counted.CLASS) for line in lines])
        found.append(Example(payers[key], len(lines), pupils, classes, now, then, words))
    found.sort(key=lambda each: (each.schools, each.pupils or 0, each.payer.name, each.payer.pk))
    known = [each for each in found if each.difference is not None]
    return Examples(
        shown=_spread(found),
        collectivities=len(found),
        without=len(found) - len(known),
        now=sum((each.now or ZERO for each in known), ZERO),
        then=sum((each.then or ZERO for each in known), ZERO),
    )


def _try(
    tariff: Tariff, lines: list[Enrolment], relief: Relief | None
) -> tuple[Decimal | None, str]:
    for line in lines:
        line.count_by(tariff)
    if any(line.is_unknown_to(tariff) for line in lines):
        return None, "nombre manquant"
    charge = tariff.charge([line.weight for line in lines], relief)
    return charge.amount, calculation(tariff, charge, relief)


def _sum(numbers: list[int | None]) -> int | None:
    return None if None in numbers else sum(number or 0 for number in numbers)


def _spread(found: list[Example]) -> list[Example]:
    """Take SHOWN of them, evenly, the first and the last among them."""
    if len(found) <= SHOWN:
        return found
    return [found[place * (len(found) - 1) // (SHOWN - 1)] for place in range(SHOWN)]
