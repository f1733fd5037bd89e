"""Contestations of titres before the accountant, and the days that the law gives.

Within two months of notification; the authorising officer has six months from their receipt by
the accountant, silence rejects; then two months to go to court (décret 2012-1246, articles 117
and 118).
"""

import datetime
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import User
from billing.ledger import Account, accounts_of
from billing.models import Entry, Titre
from billing.models.entry import EntryKind
from documents.reports import print_report
from law import collection


@dataclass(frozen=True)
class Contestation:
    """One contestation of a titre, and its decision once there is one."""

    account: Account
    made: Entry
    decision: Entry | None

    @property
    def decide_by(self) -> datetime.date:
        """The day on which silence rejects it."""
        return collection.decide_by(self.made.on)

    @property
    def court_until(self) -> datetime.date:
        return collection.court_until(self.made.on, self.decision.on if self.decision else None)

    @property
    def is_rejected_by_silence(self) -> bool:
        return self.decision is None and self.account.as_at >= self.decide_by

    @property
    def is_late(self) -> bool | None:
        """Tell whether it came after its delay; None where the notification is not known."""
        until = self.account.contest_until
        return None if until is None else self.made.on > until

    @property
    def left(self) -> int:
        """Days left to decide before silence rejects."""
        return (self.decide_by - self.account.as_at).days

    @property
    def maintained(self) -> Decimal:
        """What the decision leaves due of what was contested, in euros."""
        return self.made.amount - (self.decision.amount if self.decision else Decimal("0.00"))


@dataclass(frozen=True, order=True)
class Place:
    """Where a contestation stands in the queue: what waits first, then the oldest first."""

    is_decided: bool
    on: datetime.date
    entry: int
    titre: int


def queue(user: User, as_at: datetime.date) -> list[Place]:
    """Return the contestations that `user` may see, in their order, by their keys; in one query.

    The first decision on a titre answers its first contestation, and so on.
    """
    told = Entry.objects.filter(
        kind__in=(EntryKind.CONTESTED, EntryKind.DECIDED),
        titre__in=Titre.objects.for_user(user).order_by().values("pk"),
    ).in_force(as_at)
    made: dict[int, list[tuple[datetime.date, int]]] = defaultdict(list)
    decided: Counter[int] = Counter()
    for titre, kind, on, pk in told.order_by("on", "pk").values_list("titre", "kind", "on", "pk"):
        if kind == EntryKind.DECIDED:
            decided[titre] += 1
        else:
            made[titre].append((on, pk))
    return sorted(
        Place(number < decided[titre], on, pk, titre)
        for titre, of_titre in made.items()
        for number, (on, pk) in enumerate(of_titre)
    )


def at_places(places: Sequence[Place], as_at: datetime.date) -> list[Contestation]:
    """Return the contestations of some dozens of places, in their order.

    One whose entry was reversed since the queue was read is left out.
    """
    titres = Titre.objects.filter(pk__in={place.titre for place in places})
    accounts = accounts_of(titres.select_related("batch__outcome").order_by("pk"), as_at)
    found = {each.made.pk: each for account in accounts for each in of_account(account)}
    return [found[place.entry] for place in places if place.entry in found]


def of_account(account: Account) -> list[Contestation]:
    """Return the contestations of a titre: one waits at most, each earlier one was decided."""
    made = [entry for entry in account.entries if entry.kind == EntryKind.CONTESTED]
    decided = [entry for entry in account.entries if entry.kind == EntryKind.DECIDED]
    answers: list[Entry | None] = [*decided, *[None] * (len(made) - len(decided))]
    return [Contestation(account, one, answer) for one, answer in zip(made, answers, strict=False)]


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
