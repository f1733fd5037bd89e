"""What is owed, computed a second time: from the account of each titre, as the ledger tells it."""

import datetime
from decimal import Decimal

from billing.ledger import account_of
from billing.models import Titre
from billing.recovery.aged import Aged, aged_by_debtor

LAST_DAYS = (0, 30, 90, 365)


def aged_by_hand(as_at: datetime.date) -> dict[str, list]:
    """Return of each debtor, by code: name, titres, the columns, contested, excess."""
    lines: dict[str, list] = {}
    for titre in Titre.objects.in_full().select_related("debtor").order_by("pk"):
        account = account_of(titre, as_at)
        if not account.balance:
            continue
        line = lines.setdefault(titre.debtor.code, ["", 0, *[Decimal(0)] * 7])
        line[0] = titre.debtor_name
        line[1] += 1
        if account.balance < 0:
            line[8] += account.balance
            continue
        days = (as_at - account.aged_from).days
        line[2 + sum(days > last for last in LAST_DAYS)] += account.balance
        contested = min(contested_by_hand(titre, as_at), account.balance)
        assert account.contested_amount == contested
        line[2 + sum(days > last for last in LAST_DAYS)] -= contested
        line[7] += contested
    return lines


def contested_by_hand(titre: Titre, as_at: datetime.date) -> Decimal:
    """Return what the last contestation suspends: nothing once decided, or after six months."""
    entries = [entry for entry in titre.entries.all() if entry.on <= as_at]
    undone = {entry.reverses_id for entry in entries}
    told = [
        (entry.on, entry.pk, entry.kind, entry.amount)
        for entry in entries
        if entry.kind in ("contested", "decided")
        and entry.reverses_id is None
        and entry.pk not in undone
    ]
    on, _, kind, amount = max(told, default=(as_at, 0, "", Decimal(0)))
    waits = kind == "contested" and as_at < six_months_after(on)
    return amount if waits else Decimal(0)


def six_months_after(day: datetime.date) -> datetime.date:
    """Return the same day of the sixth month after, or the last one that this month has."""
    month, year = (day.month + 6, day.year) if day.month <= 6 else (day.month - 6, day.year + 1)
    for last in range(day.day, 27, -1):
        try:
            return datetime.date(year, month, last)
        except ValueError:
            continue
    return datetime.date(year, month, day.day)


def aged(as_at: datetime.date) -> dict[str, list]:
    """Return the same as the page and its files say it."""
    return {line.code: _told(line) for line in aged_by_debtor(Titre.objects.all(), as_at)}


def _told(line: Aged) -> list:
    return [line.name, line.titres, *line.columns, line.contested, line.excess]
