"""A collectivity's confirmation of who has access to its files."""

from django.db import transaction

from accounts import journal
from accounts.models import AccessReview, User
from communes.models import Collectivity


def confirm(collectivity: Collectivity, *, by: User) -> AccessReview:
    """Keep that `by` found the list of access of a collectivity right, today."""
    with transaction.atomic():
        people = User.objects.filter(collectivities=collectivity, is_active=True).count()
        journal.note(
            journal.Kind.REVIEW,
            f"Liste des accès de {collectivity} confirmée ({people})",
            person=by,
            by=by,
        )
        return AccessReview.objects.create(collectivity=collectivity, by=by, by_name=by.signature)
