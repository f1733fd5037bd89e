"""When a town hall is asked to confirm who has access, and who represents it."""

import datetime

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from accounts import journal
from accounts.models import AccessReview, User
from accounts.roles import Role
from communes.models import Collectivity
from conventions.campaigns.models import Campaign
from law.elections import last_municipal_elections
from lifecycle.models import JournalEntry


def is_due(collectivity: Collectivity) -> bool:
    """Tell whether nobody confirmed the list since the campaign of the day was opened."""
    reviewed = collectivity.access_reviews.order_by("-at").values("at")[:1]
    opening = JournalEntry.objects.filter(
        campaign=OuterRef("pk"), convention__isnull=True, verb="open"
    )
    dated = Campaign.objects.only("start_year").annotate(
        opened_at=Subquery(opening.order_by("-at").values("at")[:1]), reviewed_at=Subquery(reviewed)
    )
    campaign = dated.newest_open()
    if campaign is None:
        return False
    # A campaign that was made open (the demonstration's) has no entry: since its first day.
    opened = getattr(campaign, "opened_at", None) or datetime.datetime.combine(
        campaign.starts_on, datetime.time(), tzinfo=datetime.UTC
    )
    reviewed_at = getattr(campaign, "reviewed_at", None)
    return reviewed_at is None or reviewed_at < opened


def awaited_from(user: User) -> Collectivity | None:
    """Return the collectivity whose list this person is asked to confirm now, None for nobody."""
    if user.role != Role.TOWN_HALL or user.is_shared or user.acting_for is None:
        return None
    return user.acting_for if is_due(user.acting_for) else None


def confirm(collectivity: Collectivity, *, by: User) -> AccessReview:
    """Keep that `by` found the list of access of a collectivity right, today."""
    with transaction.atomic():
        people = User.objects.filter(collectivities=collectivity, is_active=True).count()
        journal.note(
            journal.Kind.REVIEW,
            f"Liste des accès {collectivity.of_title} confirmée ({people})",
            person=by,
            by=by,
        )
        return AccessReview.objects.create(collectivity=collectivity, by=by, by_name=by.signature)


def asks_representative(collectivity: Collectivity) -> bool:
    """Tell whether the representative is to be confirmed too: the first time after elections."""
    last = collectivity.access_reviews.first()
    return last is None or last.at.date() <= last_municipal_elections(timezone.localdate())
