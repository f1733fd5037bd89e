"""Sending thousands of conventions: as `Convention.send` does, in a few queries for all."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from conventions.campaigns.models import Campaign
from conventions.exchanges.models import Notification, Side
from conventions.exchanges.telling import FileFacts, notify_all
from conventions.lifecycle import State
from conventions.models.convention import Convention, file_facts
from conventions.models.reached import accounts_of_each
from lifecycle.errors import TransitionRefused

# In place of a collectivity's code in the address of a page: letters and digits, as codes are.
_CODE = "CODE"


@dataclass(frozen=True)
class Sending:
    """What was `sent`; of that, the keys of those that reached nobody; why others were refused."""

    sent: list[Convention]
    unreached: set[int]
    refused: dict[int, TransitionRefused]


def send_all(keys: Sequence[int], *, by: User | None) -> Sending:
    """Send the conventions of these keys today.

    All or nothing, in one transaction that holds their campaigns, then the files. Raises
    StaleFile when one has changed meanwhile, where the database holds no rows (SQLite).
    """
    today = timezone.localdate()
    with transaction.atomic():
        conventions = _held(keys)
        for campaign in {convention.campaign for convention in conventions}:
            campaign.window.refuse(today, "on")
        again = {c.pk for c in conventions if c.state == State.CORRECTION_REQUESTED}
        refused = Convention._transition_all(conventions, "send", by, sent_on=today)
        sent = [convention for convention in conventions if convention.pk not in refused]
        for campaign in {convention.campaign for convention in sent}:
            campaign.note_sending()
        told = [
            (file, {"again": file.convention_id in again, "answer": ""}) for file in _facts_of(sent)
        ]
        unreached = {file.convention_id for file, _ in told if not file.addresses(Side.TOWN_HALL)}
        notify_all(told, Notification.Kind.SENT, to=Side.TOWN_HALL, by=by)
    return Sending(sent, unreached, refused)


def _held(keys: Sequence[int]) -> list[Convention]:
    """Read the conventions with all that sending needs, once their campaigns are held.

    What is printed must not change while the first file of a campaign leaves.
    """
    chosen = Convention.objects.filter(pk__in=keys)
    campaigns = {
        campaign.pk: Campaign.objects.held(campaign)
        for campaign in Campaign.objects.filter(
            pk__in=chosen.order_by().values("campaign")
        ).order_by("pk")
    }
    found = (
        chosen.select_related("collectivity")
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    )
    conventions = list(found)
    for convention in conventions:
        convention.campaign = campaigns[convention.campaign_id]
    return conventions


def _facts_of(sent: Sequence[Convention]) -> list[FileFacts]:
    """Return `file_facts` of each; the addresses of their pages are looked up once a campaign."""
    accounts = accounts_of_each(convention.collectivity_id for convention in sent)
    page = cache(lambda school_year: reverse("convention", args=[school_year, _CODE]))
    return [
        file_facts(
            convention,
            accounts[convention.collectivity_id],
            page(convention.campaign.school_year).replace(_CODE, convention.collectivity.code),
        )
        for convention in sent
    ]
