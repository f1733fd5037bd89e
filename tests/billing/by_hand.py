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
        line[2 + sum(days > last for last in LAST_DAYS)] -= account.contested_amount
        line[7] += account.contested_amount
    return lines


def aged(as_at: datetime.date) -> dict[str, list]:
    """Return the same as the page and its files say it."""
    return {line.code: _told(line) for line in aged_by_debtor(Titre.objects.all(), as_at)}


def _told(line: Aged) -> list:
    return [line.name, line.titres, *line.columns, line.contested, line.excess]
