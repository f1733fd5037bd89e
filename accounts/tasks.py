"""What the worker clears away at night."""

from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import AccessEntry
from outbox.tasks import forget_links, forget_secrets


def clean_up() -> None:
    """Delete what is kept for a time only: the journal's year, codes and links sent, sessions."""
    AccessEntry.objects.filter(kept_until__lt=timezone.localdate()).delete()
    forget_secrets()
    forget_links()
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
