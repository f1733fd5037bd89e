"""What the entries make of a titre as at any day: status, balance, lateness, prescription.

Nothing else says so, and nothing assigns any of it. A day leaves out what happened later.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Protocol, TypeVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.models.entry import Entry, EntryKind
from billing.models.titre import Titre
from law import collection, deadlines

CENT = Decimal("0.01")
# Written demands and payments interrupt the prescription (loi 68-1250, article 2).
INTERRUPTS = (EntryKind.ISSUED, EntryKind.REMINDED, EntryKind.RECEIVED)


class Status(models.TextChoices):
    REQUESTED = "requested", "demandé"
    WITHDRAWN = "withdrawn", "retiré avec son lot"
    REJECTED = "rejected", "rejeté"
    ISSUED = "issued", "émis"
    TAKEN_IN_CHARGE = "taken", "pris en charge"
    REDUCED = "reduced", "réduit"
    PARTLY_RECEIVED = "partly_received", "recouvré partiellement"
    RECEIVED = "received", "recouvré"
    CONTESTED = "contested", "contesté"
    REMITTED = "remitted", "remis"
    WRITTEN_OFF = "written_off", "admis en non-valeur"
    CANCELLED = "cancelled", "annulé"


def euros(cents: int) -> Decimal:
    """Return cents as euros, with their two decimals."""
    return (Decimal(cents) / 100).quantize(CENT)


def cents(amount: Decimal) -> int:
    """Return euros as cents. Raises ValueError for less than a cent."""
    if amount != amount.quantize(CENT):
        raise ValueError(f"{amount} is not a whole number of cents")
    return int(amount * 100)


def in_force(entries: Iterable[Entry], as_at: datetime.date) -> list[Entry]:
    """Leave the entries up to a day that none of that day has reversed, in the order of facts."""
    return [
        entry
        for entry in sorted(entries, key=lambda entry: (entry.on, entry.pk or 0))
        if entry.on <= as_at and entry.reverses_id is None and not _is_reversed(entry, as_at)
    ]


def _is_reversed(entry: Entry, as_at: datetime.date) -> bool:
    return entry.is_reversed and entry.reversed_by.on <= as_at


class Told(Protocol):
    """What is asked of a contestation or a decision: an entry, or what was read of one."""

    @property
    def kind(self) -> str: ...
    @property
    def on(self) -> datetime.date: ...


T = TypeVar("T", bound=Told)


def answered(entries: Iterable[T]) -> list[tuple[T, T | None]]:
    """Return the contestations among entries of one titre, in order, each with its decision.

    A decision answers the contestation made last; what else there is among the entries is left.
    """
    found: list[tuple[T, T | None]] = []
    for entry in entries:
        if entry.kind == EntryKind.CONTESTED:
            found.append((entry, None))
        elif entry.kind == EntryKind.DECIDED:
            open_ = [place for place, (_, decision) in enumerate(found) if decision is None]
            if open_:
                found[open_[-1]] = found[open_[-1]][0], entry
    return found


def suspends(made: Told, decision: Told | None, as_at: datetime.date) -> bool:
    """Tell whether a contestation waits on a day: neither decided nor rejected by silence.

    Recovery is suspended until then (décret 2012-1246, articles 117 and 118).
    """
    return decision is None and as_at < collection.decide_by(made.on)


@dataclass(frozen=True)
class Account:
    """A titre as at a day: `entries` about itself, `counted` those that count on its balance.

    The latter are its own and those of the titres that reduce or cancel it; a reduction and a
    cancellation have no balance of their own. Amounts in euros.
    """

    titre: Titre
    as_at: datetime.date
    entries: tuple[Entry, ...]
    counted: tuple[Entry, ...]

    def _last(self, kind: EntryKind) -> Entry | None:
        return next((entry for entry in reversed(self.entries) if entry.kind == kind), None)

    def _sum(self, kind: EntryKind) -> Decimal:
        return sum((e.amount for e in self.entries if e.kind == kind), Decimal("0.00"))

    # --- The request --------------------------------------------------------
    @property
    def is_withdrawn(self) -> bool:
        batch = self.titre.batch
        return batch.is_withdrawn and batch.outcome.on <= self.as_at

    @cached_property
    def issued(self) -> Entry | None:
        """That Chorus numbered it."""
        return self._last(EntryKind.ISSUED)

    @cached_property
    def rejected(self) -> Entry | None:
        return self._last(EntryKind.REJECTED)

    @property
    def is_pending(self) -> bool:
        """Tell whether it is a live request: neither answered nor withdrawn."""
        return not (self.is_withdrawn or self.issued or self.rejected)

    @property
    def stands(self) -> bool:
        """Tell whether it asks for something: neither rejected nor withdrawn."""
        return not (self.is_withdrawn or self.rejected)

    @property
    def chorus_number(self) -> str:
        return self.issued.chorus_number if self.issued else ""

    @property
    def budget_year(self) -> int | None:
        """The year of issue, None until it is known: that of the signature decides nothing."""
        return self.issued.on.year if self.issued else None

    # --- The money ----------------------------------------------------------
    @cached_property
    def deducted(self) -> Decimal:
        """What issued reductions and cancellations take from it."""
        return -euros(
            sum(
                entry.effect
                for entry in self.counted
                if entry.kind == EntryKind.ISSUED and entry.titre_id != self.titre.pk
            )
        )

    @cached_property
    def received(self) -> Decimal:
        """What came in and stayed: payments reversed and refunds taken off."""
        back = self._sum(EntryKind.PAYMENT_REVERSED) + self._sum(EntryKind.REFUNDED)
        return self._sum(EntryKind.RECEIVED) - back

    @property
    def written_off(self) -> Decimal:
        return self._sum(EntryKind.WRITTEN_OFF)

    @property
    def remitted(self) -> Decimal:
        return self._sum(EntryKind.REMITTED)

    @cached_property
    def balance(self) -> Decimal:
        """What is still owed; below zero where more came in than was owed."""
        return euros(sum(entry.effect for entry in self.counted))

    # --- Contestation -------------------------------------------------------
    @cached_property
    def contestations(self) -> list["Contestation"]:
        """The oldest first; the last alone can wait, or be decided."""
        return [Contestation(self, made, decision) for made, decision in answered(self.entries)]

    @cached_property
    def contested(self) -> Entry | None:
        """The contestation that waits: neither decided nor rejected by silence."""
        waiting = [each.made for each in self.contestations if each.waits]
        return waiting[-1] if waiting else None

    @property
    def undecided(self) -> Entry | None:
        """The contestation that a decision would answer: the last, once silence rejected it too."""
        last = self.contestations[-1] if self.contestations else None
        return last.made if last and not last.decision else None

    @cached_property
    def contested_amount(self) -> Decimal:
        """What recovery is suspended for: never more than is still owed."""
        entry = self.contested
        return max(min(entry.amount, self.balance), Decimal("0.00")) if entry else Decimal("0.00")

    @property
    def granted(self) -> Decimal:
        """What decisions on contestations took from the amount due."""
        return self._sum(EntryKind.DECIDED)

    @property
    def contest_until(self) -> datetime.date | None:
        """Last day to contest it; None until its notification is known."""
        notified = self.issued and self.issued.notified_on
        return collection.contest_until(notified) if notified else None

    # --- Days ---------------------------------------------------------------
    @property
    def due_on(self) -> datetime.date | None:
        return self.issued.due_on if self.issued else None

    @property
    def aged_from(self) -> datetime.date | None:
        """The due date, the date of issue where there is none."""
        return self.issued.due_on or self.issued.on if self.issued else None

    @property
    def is_late(self) -> bool:
        """Tell whether its due date has passed, what is contested left apart."""
        owed = self.balance - self.contested_amount
        return self.due_on is not None and self.due_on < self.as_at and owed > 0

    @property
    def prescribed_on(self) -> datetime.date:
        """First day on which it may no longer be claimed, from the last interruption."""
        interruptions = [entry.on for entry in self.entries if entry.kind in INTERRUPTS]
        return deadlines.prescribed_on(self.titre.signed_on, interruptions)

    # --- In one word --------------------------------------------------------
    @property
    def status(self) -> Status:
        if self.is_withdrawn:
            return Status.WITHDRAWN
        if self.rejected:
            return Status.REJECTED
        if self.issued is None:
            return Status.REQUESTED
        if self.contested and self.contested_amount:
            return Status.CONTESTED
        if not self.titre.is_deduction and self.balance <= 0:
            return self._how_it_was_settled()
        if self.received > 0:
            return Status.PARTLY_RECEIVED
        if self.deducted:
            return Status.REDUCED
        taken = self._last(EntryKind.TAKEN_IN_CHARGE)
        return Status.TAKEN_IN_CHARGE if taken else Status.ISSUED

    def _how_it_was_settled(self) -> Status:
        if self.deducted >= self.titre.amount:
            return Status.CANCELLED
        if self.written_off:
            return Status.WRITTEN_OFF
        return Status.RECEIVED if self.received > 0 else Status.REMITTED


@dataclass(frozen=True)
class Contestation:
    """One contestation of a titre as at the day of its account, and its decision if there is one.

    Before the accountant, within two months of notification; the authorising officer has six
    months from its receipt, silence rejects; then two months to go to court (décret 2012-1246,
    articles 117 and 118).
    """

    account: Account
    made: Entry
    decision: Entry | None

    @property
    def waits(self) -> bool:
        """Tell whether recovery is suspended by it."""
        return suspends(self.made, self.decision, self.account.as_at)

    @property
    def decide_by(self) -> datetime.date:
        """The day on which silence rejects it."""
        return collection.decide_by(self.made.on)

    @property
    def left(self) -> int:
        """Days left to decide before silence rejects."""
        return (self.decide_by - self.account.as_at).days

    @property
    def is_rejected_by_silence(self) -> bool:
        """Tell whether silence rejected it, and nothing was decided since."""
        return self.decision is None and not self.waits

    @property
    def was_decided_late(self) -> bool:
        """Tell whether silence had rejected it when it was decided."""
        return self.decision is not None and self.decision.on >= self.decide_by

    @property
    def over_on(self) -> datetime.date:
        """The day from which it suspends nothing: that of its decision or of the silence."""
        return min(self.decision.on, self.decide_by) if self.decision else self.decide_by

    @property
    def court_until(self) -> datetime.date:
        return collection.court_until(self.made.on, self.decision.on if self.decision else None)

    @property
    def may_go_to_court(self) -> bool:
        """Tell whether the days to go to court are under way."""
        return not self.waits and self.account.as_at <= self.court_until

    @property
    def opens_court(self) -> bool:
        """Tell whether its decision gives two months to go to court: not once they are over."""
        silence = collection.court_until(self.made.on)
        return self.decision is not None and self.decision.on <= silence

    @property
    def is_late(self) -> bool | None:
        """Tell whether it came after its delay; None where the notification is not known."""
        until = self.account.contest_until
        return None if until is None else self.made.on > until

    @property
    def maintained(self) -> Decimal:
        """What is left due of what was contested, in euros."""
        return self.made.amount - (self.decision.amount if self.decision else Decimal("0.00"))


def account_of(titre: Titre, as_at: datetime.date | None = None) -> Account:
    """Return a titre as at a day, today if None; no query where `in_full` fetched its entries."""
    as_at = as_at or timezone.localdate()
    counted = titre.account_entries.all()
    return Account(
        titre=titre,
        as_at=as_at,
        entries=tuple(in_force(titre.entries.all(), as_at)),
        counted=tuple(entry for entry in counted if entry.on <= as_at),
    )


def accounts_of(titres: Iterable[Titre], as_at: datetime.date | None = None) -> Iterator[Account]:
    """Yield the account of each of some hundreds of titres, in two queries."""
    as_at = as_at or timezone.localdate()
    titres = list(titres)
    keys = [titre.pk for titre in titres]
    entries = Entry.objects.filter(Q(titre__in=keys) | Q(account__in=keys), on__lte=as_at)
    own: dict[int, list[Entry]] = defaultdict(list)
    counted: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries.for_ledger().order_by("on", "pk"):
        own[entry.titre_id].append(entry)
        counted[entry.account_id].append(entry)
    for titre in titres:
        of_titre = tuple(in_force(own[titre.pk], as_at))
        yield Account(titre, as_at, of_titre, tuple(counted[titre.pk]))
