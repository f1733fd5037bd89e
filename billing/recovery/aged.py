"""What is owed as at any day, by age, debtor by debtor: the columns add up to the balance.

Aged from the due date, from the date of issue where there is none. What is contested stands
apart from what is late: its recovery is suspended (décret 2012-1246, article 118).
"""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection

from billing.balances import contested, unsettled
from billing.ledger import cents, euros
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

# Beside the columns, in the sums of cents.
_CONTESTED, _EXCESS = len(COLUMNS), len(COLUMNS) + 1
_PLACES = len(COLUMNS) + 2


@dataclass
class Aged:
    """What a debtor owes, or all of them; `cents` are those of the columns, contested and excess.

    The properties are in euros; `excess` is below zero. `balance` is the sum of the columns, of
    what is contested and of the excess.
    """

    name: str
    code: str = ""
    titres: int = 0
    cents: list[int] = field(default_factory=lambda: [0] * _PLACES)

    @property
    def columns(self) -> list[Decimal]:
        return [euros(amount) for amount in self.cents[: len(COLUMNS)]]

    @property
    def contested(self) -> Decimal:
        return euros(self.cents[_CONTESTED])

    @property
    def excess(self) -> Decimal:
        return euros(self.cents[_EXCESS])

    @property
    def balance(self) -> Decimal:
        return euros(sum(self.cents))

    @property
    def late(self) -> Decimal:
        """What is past its due date, contested sums left apart."""
        return euros(sum(self.cents[1 : len(COLUMNS)]))


def aged_by_debtor(titres: TitreQuerySet, as_at: datetime.date) -> list[Aged]:
    """Return what each debtor of `titres` owes on a day, by name; in four queries.

    The database adds up all that is owed; of it, what is contested is then set apart.
    """
    found = {line.code: line for line in _owed(titres, as_at)}
    suspended = contested(titres, as_at)
    accounts = unsettled(as_at, "account__debtor__code").filter(account__in=list(suspended))
    for account in accounts:
        amount = cents(suspended[account["account"]])
        if amount:
            line = found[account["account__debtor__code"]]
            line.cents[_column((as_at - account["aged_from"]).days)] -= amount
            line.cents[_CONTESTED] += amount
    return sorted(found.values(), key=lambda line: (line.name, line.code))


def _column(days: int) -> int:
    return next(i for i, (_, most) in enumerate(COLUMNS) if most is None or days <= most)


# Account by account, then debtor by debtor, who is named as its last titre names it.
_SUMS = """
SELECT titre.debtor_name, debtor.code, summed.titres, {sums}
FROM (
    SELECT MAX(account) AS latest, COUNT(*) AS titres, {by_place}
    FROM (
        SELECT chosen.debtor, owed.account, owed.balance, {place} AS place
        FROM ({chosen}) chosen JOIN ({owed}) owed ON owed.account = chosen.pk
    ) placed
    GROUP BY placed.debtor
) summed
JOIN billing_titre titre ON titre.id = summed.latest
JOIN communes_collectivity debtor ON debtor.id = titre.debtor_id
"""
_SUM = "SUM(CASE WHEN place = {0} THEN balance ELSE 0 END) AS sum_{0}"


def _owed(titres: TitreQuerySet, as_at: datetime.date) -> Iterator[Aged]:
    """Yield the same, nothing set apart as contested; in one query."""
    titres = titres.order_by()
    accounts = unsettled(as_at)
    if titres.query.has_filters():
        # Of all of them, whose entries are read in their order, one by one would take longer.
        accounts = accounts.filter(account__in=titres.values("pk"))
    try:
        chosen, of_choice = titres.values("pk", "debtor").query.sql_with_params()
        owed, of_accounts = accounts.query.sql_with_params()
    except EmptyResultSet:
        return
    place, days = _place(as_at)
    statement = _SUMS.format(
        sums=", ".join(f"CAST(summed.sum_{n} AS BIGINT)" for n in range(_PLACES)),
        by_place=", ".join(_SUM.format(n) for n in range(_PLACES)),
        place=place,
        chosen=chosen,
        owed=owed,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*days, *of_choice, *of_accounts])
        for name, code, count, *sums in cursor.fetchall():
            yield Aged(name, code, count, sums)


def _place(as_at: datetime.date) -> tuple[str, list[Any]]:
    """Return where a balance stands among the cents, in SQL, and its parameters."""
    whens, days = [f"WHEN owed.balance < 0 THEN {_EXCESS}"], []
    for place, (_, most) in enumerate(COLUMNS):
        if most is not None:
            whens.append(f"WHEN owed.aged_from >= %s THEN {place}")
            first = as_at - datetime.timedelta(days=most)
            days.append(connection.ops.adapt_datefield_value(first))
    return f"CASE {' '.join(whens)} ELSE {len(COLUMNS) - 1} END", days


def sum_of(lines: Iterable[Aged]) -> Aged:
    """Return the total of some debtors."""
    whole = Aged("Ensemble")
    for line in lines:
        whole.titres += line.titres
        whole.cents = [a + b for a, b in zip(whole.cents, line.cents, strict=True)]
    return whole
