"""What the worker clears away at night."""

from django.utils import timezone

from drafts.models import KEPT_FOR, Draft


def forget_old() -> None:
    """Delete what was typed or chosen and not sent within its time."""
    Draft.objects.filter(kept_at__lte=timezone.now() - KEPT_FOR).forget()
