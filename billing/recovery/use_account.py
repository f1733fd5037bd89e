"""The yearly account of use that is due to whoever pays into a fonds de concours.

Only where the region declares the participation to be one (décret 2007-44, article 6): a
setting of the budget year, off by default. Revenue counts in the year in which it is collected
(LOLF, article 28).
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from billing.coding.models import BudgetYear
from billing.ledger import euros
from billing.liquidation import total
from billing.models import Entry
from billing.models.entry import PAYMENTS, EntryQuerySet
from billing.models.titre import TitreQuerySet
from communes.models import Collectivity
from documents.reports import print_report


@dataclass(frozen=True)
class Paid:
    """What came in of a titre during the year, in euros, payments reversed and refunds taken off."""

    reference: str
    school_year: str
    subject: str
    amount: Decimal


def earmarked_years(titres: TitreQuerySet) -> list[BudgetYear]:
    """Return the earmarked budget years in which something came in of `titres`, newest first."""
    days = _payments(titres).values_list("on", flat=True).distinct()
    return list(BudgetYear.objects.filter(is_earmarked=True, year__in={day.year for day in days}))


def paid_in(year: int, titres: TitreQuerySet) -> list[Paid]:
    """Return what came in of each of `titres` during a year, in the order of their references."""
    first, last = datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    rows = (
        _payments(titres)
        .filter(on__range=(first, last))
        .values_list("titre__reference", "titre__school_year", "titre__subject")
        .annotate(paid=-Sum("effect"))
        .order_by("titre__reference")
    )
    return [
        Paid(reference, school_year, subject, euros(cents))
        for reference, school_year, subject, cents in rows
    ]


def _payments(titres: TitreQuerySet) -> EntryQuerySet:
    return Entry.objects.filter(
        titre__in=titres.order_by().values("pk"), kind__in=PAYMENTS, on__lte=timezone.localdate()
    ).order_by()


def print_use_account(collectivity: Collectivity, year: BudgetYear, titres: TitreQuerySet) -> bytes:
    """Return the PDF of the account of use of a collectivity for an earmarked budget year."""
    lines = paid_in(year.year, titres)
    last = datetime.date(year.year, 12, 31)
    return print_report(
        "documents/use_account.html",
        {
            "collectivity": collectivity,
            "region": collectivity.department.academy.region,
            "year": year,
            "as_at": min(timezone.localdate(), last),
            "is_provisional": timezone.localdate() <= last,
            "lines": lines,
            "total": total(line.amount for line in lines),
        },
    )
