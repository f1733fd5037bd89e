"""The slip of a batch (bordereau): its totals, and the hashes of the files it goes with."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from billing.models import Batch, BatchFile
from documents.reports import print_report
from documents.wording.numbers import euros_in_letters


def print_slip(batch: Batch, shares: Sequence[Any], files: Sequence[BatchFile]) -> bytes:
    """Return the PDF of a batch's slip: totals in figures and in letters, a place to sign."""
    first = batch.titres.order_by("pk").first()
    return print_report(
        "documents/slip.html",
        {
            "batch": batch,
            "made_on": timezone.localdate(batch.made_at),
            "region": batch.campaign.region,
            "shares": shares,
            "in_letters": euros_in_letters(batch.amount),
            "files": files,
            "author": first.author_name if first else "",
            "capacity": first.author_capacity if first else "",
        },
    )
