"""What is owed as at any day, by age, debtor by debtor: the columns add up to the balance.

Aged from the due date, from the date of issue where there is none. What is contested stands
apart from what is late: its recovery is suspended (décret 2012-1246, article 118).
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from billing.balances import Owed, owed
from billing.ledger import euros
from billing.liquidation import total
from billing.models.titre import TitreQuerySet

# What a column holds: days since the due date, up to and with the last of them.
COLUMNS: tuple[tuple[str, int | None], ...] = (
    ("Non échu", 0),
    ("1 à 30 jours", 30),
    ("31 à 90 jours", 90),
    ("91 à 365 jours", 365),
    ("Plus d'un an", None),
)
NAMES = tuple(name for name, _ in COLUMNS)
ZERO = Decimal("0.00")


@dataclass
class Aged:
    """What a debtor owes, or all of them. Amounts in euros; `excess` is below zero.

    `balance` is the sum of the columns, of what is contested and of the excess.
    """

    name: str
    code: str = ""
    titres: int = 0
    columns: list[Decimal] = field(default_factory=lambda: [ZERO] * len(COLUMNS))
    contested: Decimal = ZERO
    excess: Decimal = ZERO

    @property
    def balance(self) -> Decimal:
        return total((*self.columns, self.contested, self.excess))

    @property
    def late(self) -> Decimal:
        """What is past its due date, contested sums left apart."""
        return total(self.columns[1:])


# Beside the columns, in the sums of cents.
_CONTESTED, _EXCESS = len(COLUMNS), len(COLUMNS) + 1


@dataclass
class _Sums:
    """The same of one debtor while it is added up: whole cents, of which there are thousands."""

    name: str = ""
    titres: int = 0
    cents: list[int] = field(default_factory=lambda: [0] * (len(COLUMNS) + 2))

    def add(self, line: Owed, as_at: datetime.date) -> None:
        # As its last titre names it.
        self.name = line.name
        self.titres += 1
        if line.balance < 0:
            self.cents[_EXCESS] += line.balance
            return
        self.cents[_CONTESTED] += line.contested
        self.cents[_column((as_at - line.aged_from).days)] += line.balance - line.contested


def _column(days: int) -> int:
    return next(i for i, (_, most) in enumerate(COLUMNS) if most is None or days <= most)


def aged_by_debtor(titres: TitreQuerySet, as_at: datetime.date) -> list[Aged]:
    """Return what each debtor of `titres` owes on a day, by name; in three queries."""
    found: dict[str, _Sums] = defaultdict(_Sums)
    for line in owed(titres, as_at):
        found[line.code].add(line, as_at)
    lines = [_aged(code, sums) for code, sums in found.items()]
    return sorted(lines, key=lambda line: (line.name, line.code))


def _aged(code: str, sums: _Sums) -> Aged:
    *columns, contested, excess = map(euros, sums.cents)
    return Aged(sums.name, code, sums.titres, columns, contested, excess)


def sum_of(lines: Iterable[Aged]) -> Aged:
    """Return the total of some debtors."""
    whole = Aged("Ensemble")
    for line in lines:
        whole.titres += line.titres
        whole.columns = [a + b for a, b in zip(whole.columns, line.columns, strict=True)]
        whole.contested += line.contested
        whole.excess += line.excess
    return whole
