"""What is owed as at any day, by age, debtor by debtor: the columns add up to the balance.

Aged from the due date, from the date of issue where there is none. What is contested stands
apart from what is late: its recovery is suspended (décret 2012-1246, article 118).
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, Q, Value
from django.utils import timezone

from accounts.models import User
from accounts.scope import departments_of
from billing.balances import contested, unsettled
from billing.ledger import cents, euros
from billing.models import Titre
from billing.models.titre import TitreQuerySet
from communes.models import Department
from conventions.campaigns.models import Campaign
from figures.kept import of_departments

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


class Aged(NamedTuple):
    """What a debtor owes, or all of them; `cents` are those of the columns, contested and excess.

    The properties are in euros; `excess` is below zero. `balance` is the sum of the columns, of
    what is contested and of the excess. `department` is that of the debtor, `latest` its last
    titre: by their keys.
    """

    name: str
    code: str = ""
    titres: int = 0
    cents: tuple[int, ...] = (0,) * _PLACES
    department: int = 0
    latest: int = 0

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


# Where a titre finds the département that its figures are kept of: that of its convention.
_HOME = "claim__convention__collectivity__department"
# Of more départements than these, one pass over all takes less than looking for their titres.
_FEW = 3
_OF_ACCOUNT = ("account__debtor__code", f"account__{_HOME}")


def aged_by_debtor(titres: TitreQuerySet, as_at: datetime.date) -> list[Aged]:
    """Return what each debtor of `titres` owes on a day, by name; in four queries.

    The database adds up all that is owed; of it, what is contested is then set apart.
    """
    return _in_order(_lines(titres, as_at).values())


def owed_today(user: User, campaign: Campaign | None, territory: Q) -> list[Aged]:
    """Return the same of what `user` may see today, of one campaign or of all.

    `territory` filters the départements of debtors. Ten years are tens of thousands of entries:
    what is owed in a département is kept until something changes there.
    """
    what = f"restes:{campaign.pk if campaign else 'all'}"
    kept = of_departments(what, departments_of(user), partial(_counted, campaign))
    lines = chain.from_iterable(of_home for _, of_home in kept)
    if not territory:
        return _in_order(lines)
    chosen = set(Department.objects.filter(territory).order_by().values_list("pk", flat=True))
    return _in_order(line for line in lines if line.department in chosen)


def _counted(campaign: Campaign | None, keys: list[int]) -> dict[int, list[Aged]]:
    """Return what is owed today for the conventions of each of these départements, at least."""
    titres = Titre.objects.filter(batch__campaign=campaign) if campaign else Titre.objects.all()
    if len(keys) <= _FEW:
        titres = titres.filter(**{f"{_HOME}__in": keys})
    found: dict[int, list[Aged]] = defaultdict(list)
    for (home, _), line in _lines(titres, timezone.localdate(), apart=True).items():
        found[home].append(line)
    return found


def _in_order(lines: Iterable[Aged]) -> list[Aged]:
    """Return a line for each debtor, by name: it may owe for conventions of two départements."""
    found: dict[str, Aged] = {}
    for line in lines:
        other = found.get(line.code)
        found[line.code] = _together(line, other) if other else line
    return sorted(found.values(), key=lambda line: (line.name, line.code))


def _together(line: Aged, other: Aged) -> Aged:
    last = max(line, other, key=lambda each: each.latest)
    return last._replace(titres=line.titres + other.titres, cents=_summed([line, other]))


def _summed(lines: Iterable[Aged]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*(line.cents for line in lines), strict=True)))


def _lines(
    titres: TitreQuerySet, as_at: datetime.date, *, apart: bool = False
) -> dict[tuple[int, str], Aged]:
    """Return what each debtor owes on a day, by its code and the key of a département.

    That of its conventions where they are told `apart`, else 0.
    """
    found = {(home, line.code): line for home, line in _owed(titres, as_at, apart=apart)}
    suspended = contested(titres, as_at)
    for account in unsettled(as_at, *_OF_ACCOUNT).filter(account__in=list(suspended)):
        code, home = (account[name] for name in _OF_ACCOUNT)
        key = (home if apart else 0, code)
        amount = cents(suspended[account["account"]])
        found[key] = _contested(found[key], (as_at - account["aged_from"]).days, amount)
    return found


def _contested(line: Aged, days: int, amount: int) -> Aged:
    """Set an amount apart from the column of what is due since so many days."""
    moved = list(line.cents)
    moved[_column(days)] -= amount
    moved[_CONTESTED] += amount
    return line._replace(cents=tuple(moved))


def _column(days: int) -> int:
    return next(i for i, (_, most) in enumerate(COLUMNS) if most is None or days <= most)


# Account by account, then debtor by debtor, who is named as its last titre names it.
_SUMS = """
SELECT summed.home, titre.debtor_name, debtor.code, summed.titres, debtor.department_id,
    summed.latest, {sums}
FROM (
    SELECT home, MAX(account) AS latest, COUNT(*) AS titres, {by_place}
    FROM (
        SELECT chosen.home, chosen.debtor, owed.account, owed.balance, {place} AS place
        FROM ({chosen}) chosen JOIN ({owed}) owed ON owed.account = chosen.pk
    ) placed
    GROUP BY placed.home, placed.debtor
) summed
JOIN billing_titre titre ON titre.id = summed.latest
JOIN communes_collectivity debtor ON debtor.id = titre.debtor_id
"""
_SUM = "SUM(CASE WHEN place = {0} THEN balance ELSE 0 END) AS sum_{0}"


def _owed(
    titres: TitreQuerySet, as_at: datetime.date, *, apart: bool
) -> Iterator[tuple[int, Aged]]:
    """Yield the same, nothing set apart as contested; in one query."""
    titres = titres.order_by()
    accounts = unsettled(as_at)
    if titres.query.has_filters():
        # Of all of them, whose entries are read in their order, one by one would take longer.
        accounts = accounts.filter(account__in=titres.values("pk"))
    home = F(_HOME) if apart else Value(0)
    try:
        chosen, of_choice = titres.values("pk", "debtor", home=home).query.sql_with_params()
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
        for home_key, name, code, count, department, latest, *sums in cursor.fetchall():
            yield home_key, Aged(name, code, count, tuple(sums), department, latest)


def _place(as_at: datetime.date) -> tuple[str, list[Any]]:
    """Return where a balance stands among the cents, in SQL, and its parameters."""
    whens, days = [f"WHEN owed.balance < 0 THEN {_EXCESS}"], []
    for place, (_, most) in enumerate(COLUMNS):
        if most is not None:
            whens.append(f"WHEN owed.aged_from >= %s THEN {place}")
            first = as_at - datetime.timedelta(days=most)
            days.append(connection.ops.adapt_datefield_value(first))
    return f"CASE {' '.join(whens)} ELSE {len(COLUMNS) - 1} END", days


def sum_of(lines: Sequence[Aged]) -> Aged:
    """Return the total of some debtors."""
    whole = Aged("Ensemble")
    titres = sum(line.titres for line in lines)
    return whole._replace(titres=titres, cents=_summed(lines) or whole.cents)
