"""The queue of contestations, those that wait for a decision first; the letter that tells of one."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from accounts.scope import collectivity_scope
from billing.balances import contestations
from billing.ledger import Contestation, accounts_of, suspends
from billing.models import Entry, Titre
from documents.reports import print_report


@dataclass(frozen=True, order=True)
class Place:
    """Where a contestation stands in the queue: what waits first, then the oldest first."""

    is_over: bool
    on: datetime.date
    entry: int
    titre: int


def queue(user: User, as_at: datetime.date) -> list[Place]:
    """Return the contestations that `user` may see, in their order, by their keys; in one query."""
    scope = collectivity_scope(user, "titre__claim__convention__collectivity")
    found = contestations(Entry.objects.filter(scope).in_force(as_at))
    return sorted(
        Place(not suspends(made, decision, as_at), made.on, made.pk, titre)
        for titre, of_titre in found.items()
        for made, decision in of_titre
    )


def at_places(places: Sequence[Place], as_at: datetime.date) -> list[Contestation]:
    """Return the contestations of some dozens of places, in their order.

    One whose entry was reversed since the queue was read is left out.
    """
    titres = Titre.objects.filter(pk__in={place.titre for place in places})
    accounts = accounts_of(titres.in_brief().order_by("pk"), as_at)
    found = {each.made.pk: each for account in accounts for each in account.contestations}
    return [found[place.entry] for place in places if place.entry in found]


def print_letter(contestation: Contestation) -> bytes:
    """Return the PDF of the letter that tells the debtor of a decision."""
    titre = contestation.account.titre
    campaign = titre.batch.campaign
    return print_report(
        "documents/decision_letter.html",
        {
            "contestation": contestation,
            "titre": titre,
            "decision": contestation.decision,
            "issued": contestation.account.issued,
            "region": campaign.region,
        },
    )
