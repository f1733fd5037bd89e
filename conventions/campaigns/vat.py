"""The rates of VAT: given from a day on, kept for ever."""

import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from conventions.campaigns.models import Campaign, VatRate
from lifecycle.door import refuse_limited, write_journal
from lifecycle.plausible import Window

# The rates of before are those of no campaign; the law of the year to come may tell the next.
_FIRST = datetime.date(2000, 1, 1)
_AHEAD = datetime.timedelta(days=2 * 366)


def window() -> Window:
    """Return the days from which a rate can be in force."""
    return Window(_FIRST, timezone.localdate() + _AHEAD)


def give_rate(
    campaign: Campaign, *, rate: Decimal, since: datetime.date, by: User | None
) -> VatRate:
    """Keep a rate, in percent, from `since` on; the journal of `campaign`, where it is typed, tells it.

    Raises TransitionRefused to an agent of some départements and for a day that cannot be,
    ValidationError for a rate that is none and a day that has its own.
    """
    refuse_limited(by)
    window().refuse(since, "since")
    with transaction.atomic():
        given = VatRate(rate=rate, since=since)
        given.full_clean()
        given.save()
        write_journal(campaign, by, "vat_rate", f"Taux de TVA : {given}")
    return given
