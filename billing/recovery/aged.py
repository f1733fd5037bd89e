"""What is owed as at any day, by age, debtor by debtor: the columns add up to the balance.

Aged from the due date, from the date of issue where there is none. What is contested stands
apart from what is late: its recovery is suspended (décret 2012-1246, article 118).
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from billing.balances import Owed, owed
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

    def add(self, line: Owed, as_at: datetime.date) -> None:
        """Take in what one titre owes."""
        self.titres += 1
        if line.balance < 0:
            self.excess += line.balance
            return
        self.contested += line.contested
        self.columns[_column((as_at - line.aged_from).days)] += line.balance - line.contested


def _column(days: int) -> int:
    return next(i for i, (_, most) in enumerate(COLUMNS) if most is None or days <= most)


def aged_by_debtor(titres: TitreQuerySet, as_at: datetime.date) -> list[Aged]:
    """Return what each debtor of `titres` owes on a day, by name; in three queries."""
    debtors = {
        key: (name, code)
        for key, name, code in titres.order_by("pk").values_list(
            "pk", "debtor_name", "debtor__code"
        )
    }
    lines: dict[str, Aged] = {}
    for line in sorted(owed(titres, as_at), key=lambda line: line.titre_id):
        name, code = debtors[line.titre_id]
        found = lines.setdefault(code, Aged(name, code))
        # As its last titre names it.
        found.name = name
        found.add(line, as_at)
    return sorted(lines.values(), key=lambda line: (line.name, line.code))


def sum_of(lines: Iterable[Aged]) -> Aged:
    """Return the total of some debtors."""
    whole = Aged("Ensemble")
    for line in lines:
        whole.titres += line.titres
        whole.columns = [a + b for a, b in zip(whole.columns, line.columns, strict=True)]
        whole.contested += line.contested
        whole.excess += line.excess
    return whole
