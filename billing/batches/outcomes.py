"""What becomes of a batch: sent to the accountant, or withdrawn whole."""

import datetime

from django.utils import timezone

from accounts.models import User
from billing.models import Batch, BatchOutcome, Entry
from billing.recording import EntryRefused, writing


def mark_sent(batch: Batch, *, on: datetime.date, by: User | None) -> BatchOutcome:
    """Record the day on which a batch went to the accountant. Raises EntryRefused."""
    if on > timezone.localdate():
        raise EntryRefused({"on": "Cette date est dans le futur."})
    made_on = timezone.localdate(batch.made_at)
    if on < made_on:
        raise EntryRefused({"on": f"Ce lot n'a été fait que le {made_on:%d/%m/%Y}."})
    return _become(batch, BatchOutcome.Kind.SENT, on, "", by)


def withdraw(batch: Batch, *, reason: str, by: User | None) -> BatchOutcome:
    """Withdraw a batch that did not go: it keeps its number, its claims are free again.

    Raises EntryRefused.
    """
    if not reason.strip():
        raise EntryRefused({"reason": "Indiquez pourquoi ce lot est retiré."})
    return _become(batch, BatchOutcome.Kind.WITHDRAWN, timezone.localdate(), reason.strip(), by)


def _become(
    batch: Batch, kind: str, on: datetime.date, reason: str, by: User | None
) -> BatchOutcome:
    with writing():
        known = BatchOutcome.objects.filter(batch=batch).first()
        if known:
            raise EntryRefused(
                f"Ce lot est déjà {known.get_kind_display()}, le {known.on:%d/%m/%Y}."
            )
        if kind == BatchOutcome.Kind.WITHDRAWN and is_answered(batch):
            raise EntryRefused("Le comptable a déjà répondu sur ce lot : il ne se retire plus.")
        outcome = BatchOutcome(batch=batch, kind=kind, on=on, reason=reason, by=by)
        outcome.save()
    return outcome


def is_answered(batch: Batch) -> bool:
    return Entry.objects.filter(titre__batch=batch).exists()
