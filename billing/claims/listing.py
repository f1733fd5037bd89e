"""Claims found and added up by the database, in whole cents: for lists of thousands.

One statement reads the conventions chosen, their titres and the entries of these once, the same
as `Due` computes of each; a test holds both to one another. Written out, because the ORM takes
longer to build it than the database to answer it. What each claim comes to is kept, département
by département, until something changes there.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from accounts.scope import departments_of
from billing.ledger import euros
from billing.models import BatchOutcome, Titre
from billing.models.entry import PAYMENTS, SETTLED, EntryKind
from conventions.amendments.lifecycle import AmendmentState
from conventions.campaigns.models import Campaign
from conventions.lifecycle import CLAIMABLE
from conventions.models import Convention
from conventions.models.convention import ConventionQuerySet
from figures.kept import of_departments


class Shown(StrEnum):
    """Which claims: every one, or by what was asked of the accountant."""

    ALL = ""
    TO_ASK = "a-demander"
    ASKED = "demandees"
    PENDING = "en-attente"
    ISSUED = "emises"
    EXEMPT = "exonerees"


class Share(NamedTuple):
    """What one convention, or those of one département, come to: cents, and how many are exempt.

    `key` is that of the convention, 0 of several; `department` that of the collectivity's; `name`
    is what lists are put in order by, empty of several. `signed` is what is due of those that both
    signed, `due` of all; `settled` is what was remitted or written off. Titres are counted:
    `standing`, `numbered` by Chorus, `to_cancel`.
    """

    key: int
    department: int
    name: str
    due: int
    signed: int
    asked: int
    issued: int
    received: int
    settled: int
    balance: int
    exempt: int
    standing: int
    numbered: int
    to_cancel: int


_IS_SHOWN: dict[Shown, Callable[[Share], bool]] = {
    Shown.ALL: lambda share: True,
    Shown.TO_ASK: lambda share: share.due != share.asked or share.to_cancel > 0,
    Shown.ASKED: lambda share: share.standing > 0,
    Shown.PENDING: lambda share: share.standing > share.numbered,
    Shown.ISSUED: lambda share: share.numbered > 0,
    Shown.EXEMPT: lambda share: share.exempt > 0,
}


@dataclass(frozen=True)
class Totals:
    """Of the claims shown: how many, for how many euros due, asked for, issued, received, left.

    `left` is still to be asked for.
    """

    claims: int
    due: Decimal
    asked: Decimal
    issued: Decimal
    received: Decimal
    left: Decimal


# --- In SQL -------------------------------------------------------------------------
def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _cents(amount: str) -> str:
    return f"CAST(ROUND({amount} * 100) AS BIGINT)"


def _in_force(kind: EntryKind, counted: str = "1") -> str:
    """Return the sum of a kind of entries, those undone taken off."""
    sign = "CASE WHEN entry.reverses_id IS NULL THEN 1 ELSE -1 END"
    return f"COALESCE(SUM(CASE WHEN entry.kind = '{kind}' THEN {sign} * {counted} END), 0)"


def _taken_by(kinds: Iterable[str]) -> str:
    """Return what entries of these kinds took from the balance."""
    return f"-COALESCE(SUM(CASE WHEN entry.kind IN ({_listed(kinds)}) THEN entry.effect END), 0)"


# Titre by titre, or once where there is none, then convention by convention.
_BY_TITRE = f"""
SELECT chosen.pk, chosen.amount, chosen.state, chosen.department, chosen.name,
    CASE WHEN claim.to_cancel_id IS NULL THEN 0 ELSE 1 END AS to_cancel,
    CASE WHEN withdrawn.id IS NULL AND titre.requested_on <= %s
        AND {_in_force(EntryKind.REJECTED)} = 0 THEN 1 ELSE 0 END AS stands,
    CASE WHEN {_in_force(EntryKind.ISSUED)} > 0 THEN 1 ELSE 0 END AS is_issued,
    CASE WHEN titre.kind IN ({_listed(Titre.DEDUCTIONS)}) THEN -1 ELSE 1 END
        * {_cents("titre.amount")} AS cents,
    {_in_force(EntryKind.DECIDED, _cents("entry.amount"))} AS granted,
    {_taken_by(PAYMENTS)} AS received,
    {_taken_by(SETTLED)} AS settled,
    COALESCE(SUM(entry.effect), 0) AS balance
FROM ({{chosen}}) chosen
LEFT JOIN billing_claim claim ON claim.convention_id = chosen.pk
LEFT JOIN billing_titre titre ON titre.claim_id = claim.id
LEFT JOIN billing_batchoutcome withdrawn ON withdrawn.batch_id = titre.batch_id
    AND withdrawn.kind = '{BatchOutcome.Kind.WITHDRAWN}' AND withdrawn."on" <= %s
LEFT JOIN billing_entry entry ON entry.titre_id = titre.id AND entry."on" <= %s
GROUP BY chosen.pk, chosen.amount, chosen.state, chosen.department, chosen.name,
    claim.to_cancel_id, titre.id, withdrawn.id
"""  # noqa: S608
_BY_CONVENTION = f"""
SELECT pk, department, name,
    CASE WHEN state IN ({_listed(CLAIMABLE)}) THEN 1 ELSE 0 END AS is_signed,
    {_cents("amount")} - SUM(granted) + COALESCE((
        SELECT SUM({_cents("change.amount_change")}) FROM amendments_amendment change
        WHERE change.convention_id = by_titre.pk AND change.state = '{AmendmentState.SIGNED}'
    ), 0) AS due,
    COALESCE(SUM(stands * cents), 0) AS asked,
    COALESCE(SUM(stands * is_issued * cents), 0) AS issued,
    SUM(received) AS received, SUM(settled) AS settled, SUM(balance) AS balance,
    SUM(stands) AS standing, SUM(stands * is_issued) AS numbered, MAX(to_cancel) AS to_cancel
FROM ({_BY_TITRE}) by_titre
GROUP BY pk, department, name, state, amount
"""  # noqa: S608
_SHARES = f"""
SELECT by_convention.*, due * is_signed AS signed,
    CASE WHEN is_signed = 1 AND due = 0 AND asked = 0 THEN 1 ELSE 0 END AS exempt
FROM ({_BY_CONVENTION}) by_convention
"""  # noqa: S608
_SUMMED = Share._fields[3:]
_EACH = f"""
SELECT pk, department, name, {", ".join(f"CAST({name} AS BIGINT)" for name in _SUMMED)}
FROM ({_SHARES}) share ORDER BY name, pk
"""  # noqa: S608
_SUMS = f"""
SELECT 0, department, '', {", ".join(f"CAST(SUM({name}) AS BIGINT)" for name in _SUMMED)}
FROM ({_SHARES}) share GROUP BY department ORDER BY department
"""  # noqa: S608


def claims_of(campaign: Campaign, user: User, territory: Q, shown: Shown) -> list[Share]:
    """Return what each claim that is to be shown comes to today, in the order of lists.

    Those of a campaign in the scope of `user`; `territory` filters départements. In two queries,
    or one where nothing changed.
    """
    departments = departments_of(user).filter(territory)
    kept = of_departments(f"creances:{campaign.pk}", departments, partial(_counted, campaign))
    is_shown = _IS_SHOWN[shown]
    shares = (Share._make(values) for _, of_home in kept for values in of_home)
    return sorted(filter(is_shown, shares), key=attrgetter("name", "key"))


def _counted(campaign: Campaign, keys: list[int]) -> dict[int, list[tuple[Any, ...]]]:
    """Return the shares of each of these départements, as tuples: read back in half the time."""
    within = Q(collectivity__department__in=keys)
    claims = Convention.objects.signed().filter(within, campaign=campaign)
    found = defaultdict(list)
    for share in shares_of(claims):
        found[share.department].append(tuple(share))
    return found


def shares_of(conventions: ConventionQuerySet) -> list[Share]:
    """Return what each of `conventions` comes to today; in one query.

    In the order of lists: by collectivity.
    """
    return _read(conventions, _EACH)


def shares_by_department(conventions: ConventionQuerySet) -> list[Share]:
    """Return what conventions come to today, département by département; in one query."""
    return _read(conventions, _SUMS)


def _read(conventions: ConventionQuerySet, select: str) -> list[Share]:
    chosen = conventions.order_by().values(
        "pk",
        "amount",
        "state",
        department=F("collectivity__department"),
        name=F("collectivity__search_text"),
    )
    try:
        inner, parameters = chosen.query.sql_with_params()
    except EmptyResultSet:
        return []
    day = connection.ops.adapt_datefield_value(timezone.localdate())
    with connection.cursor() as cursor:
        cursor.execute(select.format(chosen=inner), [day, *parameters, day, day])
        return list(map(Share._make, cursor.fetchall()))


def totals(shares: Sequence[Share]) -> Totals:
    """Return the totals of conventions that both signed."""
    due, asked = sum(share.due for share in shares), sum(share.asked for share in shares)
    return Totals(
        claims=len(shares),
        due=euros(due),
        asked=euros(asked),
        issued=euros(sum(share.issued for share in shares)),
        received=euros(sum(share.received for share in shares)),
        left=euros(due - asked),
    )
