"""The statement of a collectivity: its titres over all years, as at a day."""

import datetime
from collections.abc import Sequence

from billing.coding.models import BillingSettings
from billing.ledger import Account
from billing.liquidation import total
from communes.models import Collectivity
from documents.reports import print_report


def print_statement(
    collectivity: Collectivity,
    accounts: Sequence[Account],
    as_at: datetime.date,
    *,
    is_partial: bool = False,
) -> bytes:
    """Return the PDF of a statement of the titres given, in their order.

    It says that it `is_partial` where the collectivity has others.
    """
    return print_report(
        "documents/statement.html",
        {
            "collectivity": collectivity,
            "region": collectivity.department.academy.region,
            "accounts": accounts,
            "asked": total(a.titre.signed_amount for a in accounts if a.issued),
            "received": total(account.received for account in accounts),
            "balance": total(account.balance for account in accounts),
            "as_at": as_at,
            "is_partial": is_partial,
            "settings": BillingSettings.current(),
        },
    )
