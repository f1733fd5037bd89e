"""Random sequences of signatures, batches, answers, payments, decisions: what always holds."""

import datetime
from collections import Counter
from decimal import Decimal
from itertools import cycle

import pytest
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing.balances import in_state
from billing.batches.confirming import ListChanged, NothingToRequest, confirm
from billing.batches.outcomes import mark_sent, withdraw
from billing.claims.due import claimable, due_of
from billing.claims.verbs import ask_cancellation
from billing.ledger import CENT, Status, account_of, euros
from billing.liquidation import total
from billing.models import Batch, Entry, Titre
from billing.models.entry import EntryKind
from billing.recording import EntryRefused, reverse
from billing.returns import applying
from billing.returns.layouts import Layout
from conventions.models import dossier
from documents.rendering import Rendered
from tests.factories import CampaignFactory, ConventionFactory, UserFactory

from .by_hand import aged, aged_by_hand
from .conftest import amend, prepared, sign_in_order, tell

VERBS = (
    *("add_school", "remove_school", "request", "withdraw", "send", "cancel"),
    *(
        "issue",
        "reject",
        "take_in_charge",
        "receive",
        "receive_all",
        "receive_too_much",
        "return_file",
    ),
    *("payment_reversed", "refund", "remind", "contest", "decide", "remit", "write_off", "undo"),
    "next_day",
)
# The titre, or the entry, that a step is about, counted from the last; and a share of it.
# What a walk begins with, one after the other: chance alone leaves out what is rare.
BEGINNINGS = (
    ("request", "reject"),
    ("request", "withdraw"),
    ("request", "send", "issue", "remit", "write_off"),
    ("request", "issue", "receive_all", "payment_reversed", "undo"),
    ("request", "issue", "take_in_charge", "return_file", "refund"),
    ("request", "issue", "remind", "contest", "decide", "next_day"),
    ("request", "issue", "cancel", "request", "issue", "request", "issue"),
    ("add_school", "request", "issue", "remove_school", "request", "issue", "receive_too_much"),
)
STEPS = st.tuples(st.sampled_from(VERBS), st.integers(0, 2), st.sampled_from([1, 2, 3]))
START = datetime.date(2026, 10, 1)
LAYOUT = Layout({"reference": 0, "on": 1, "amount": 2}, {}, "received")


class File:
    """One convention, and everything that happens to what it makes due."""

    def __init__(self, move_to):
        self.move_to = move_to
        self.move_to(START)
        self.by = UserFactory(role="finance")
        campaign = CampaignFactory(start_year=START.year)
        self.convention = sign_in_order(
            ConventionFactory(campaign=campaign, schools_count=3), on=START
        )
        # What each titre was on each day that is over.
        self.past = {}

    # --- What happens ----------------------------------------------------------
    def take(self, verb, place, share):
        """Try a step; tell whether it was done, and look at what holds whether or not."""
        try:
            with transaction.atomic():
                getattr(self, verb)(place, share)
            done = True
        except (EntryRefused, NothingToRequest, ListChanged):
            done = False
        self.look()
        return done

    def titre(self, place):
        found = list(Titre.objects.in_full().order_by("-pk")[: place + 1])
        if not found:
            raise EntryRefused("…")
        return found[-1]

    def add_school(self, place, share):
        amend(self.convention, add=share, on=timezone.localdate())

    def remove_school(self, place, share):
        if self.convention.enrolments.enrolled().count() <= 1:
            raise EntryRefused("…")
        amend(self.convention, remove=1, on=timezone.localdate())

    def request(self, place, share):
        confirm(prepared(self.convention.campaign, self.by), by=self.by)

    def withdraw(self, place, share):
        withdraw(self.titre(place).batch, reason="Erreur.", by=self.by)

    def send(self, place, share):
        mark_sent(self.titre(place).batch, on=timezone.localdate(), by=self.by)

    def cancel(self, place, share):
        ask_cancellation(self.titre(place), reason="Débiteur.")

    def tell(self, kind, place, amount=0):
        tell(self.titre(place), kind, amount=Decimal(amount).quantize(CENT))

    def issue(self, place, share):
        self.tell(EntryKind.ISSUED, place)

    def reject(self, place, share):
        self.tell(EntryKind.REJECTED, place)

    def take_in_charge(self, place, share):
        self.tell(EntryKind.TAKEN_IN_CHARGE, place)

    def receive(self, place, share):
        self.tell(EntryKind.RECEIVED, place, self.titre(place).amount / 3)

    def receive_all(self, place, share):
        self.tell(EntryKind.RECEIVED, place, self.titre(place).amount)

    def receive_too_much(self, place, share):
        self.tell(EntryKind.RECEIVED, place, self.titre(place).amount + share)

    def return_file(self, place, share):
        titre = self.titre(place)
        day = timezone.localdate()
        row = f"{titre.reference};{day:%d/%m/%Y};{share},10"
        content = f"Titre;Date;Montant\r\n{row}\r\n".encode()
        received, _ = applying.receive("retour.csv", content, by=self.by)
        done = applying.apply(received, LAYOUT, by=self.by)
        if done.rows[0].entry is None:
            raise EntryRefused("…")

    def payment_reversed(self, place, share):
        self.tell(EntryKind.PAYMENT_REVERSED, place, account_of(self.titre(place)).received / share)

    def refund(self, place, share):
        self.tell(EntryKind.REFUNDED, place, Decimal(share))

    def remind(self, place, share):
        self.tell(EntryKind.REMINDED, place)

    def contest(self, place, share):
        self.tell(EntryKind.CONTESTED, place, 15 * share)

    def decide(self, place, share):
        self.tell(EntryKind.DECIDED, place, 15 * (share - 1))

    def remit(self, place, share):
        self.tell(EntryKind.REMITTED, place, Decimal(share))

    def write_off(self, place, share):
        self.tell(EntryKind.WRITTEN_OFF, place, account_of(self.titre(place)).balance / share)

    def undo(self, place, share):
        found = list(Entry.objects.order_by("-pk")[: place + 1])
        if not found:
            raise EntryRefused("…")
        reverse(found[-1], on=timezone.localdate(), reason="Erreur.", by=self.by)

    def next_day(self, place, share):
        for titre in Titre.objects.in_full().order_by("pk"):
            self.past[titre.pk, timezone.localdate()] = self.seen(titre, timezone.localdate())
        self.move_to(timezone.localdate() + datetime.timedelta(days=30 * share))

    # --- What holds ---------------------------------------------------------------
    @staticmethod
    def seen(titre, day):
        account = account_of(titre, day)
        return account.balance, account.status, account.received, account.contested_amount

    def look(self):
        today = timezone.localdate()
        titres = list(Titre.objects.in_full().order_by("pk"))
        accounts = {titre.pk: account_of(titre, today) for titre in titres}
        assert sum(account.is_pending for account in accounts.values()) <= 1
        for account in accounts.values():
            self.balance_is_what_happened(account)
        assert aged(today) == aged_by_hand(today)
        # What the database finds in a state is what the account of each says.
        for status in Status:
            found = in_state(Titre.objects.all(), status, today).order_by("pk")
            said = [key for key, account in accounts.items() if account.status == status]
            assert [titre.pk for titre in found] == said, status
        for (key, day), then in self.past.items():
            assert self.seen(next(t for t in titres if t.pk == key), day) == then
        due = self.due()
        assert due.asked + due.left == due.amount
        assert due.asked >= 0

    @staticmethod
    def balance_is_what_happened(account):
        """Titres, less received, more reversed and refunded, less written off and remitted."""
        titre = account.titre
        if titre.is_deduction:
            assert account.balance == 0
            return
        entries = [e for e in Entry.objects.filter(titre=titre, reverses=None) if not e.is_reversed]
        amounts = Counter()
        for entry in entries:
            amounts[entry.kind] += entry.amount
        corrected = sum(
            t.amount
            for t in titre.corrections.all()
            if t.is_deduction and account_of(Titre.objects.in_full().get(pk=t.pk)).issued
        )
        expected = (
            (titre.amount - corrected if amounts["issued"] else 0)
            - amounts["received"]
            + amounts["payment_reversed"]
            + amounts["refunded"]
            - amounts["written_off"]
            - amounts["remitted"]
        )
        assert account.balance == expected
        counted = Entry.objects.filter(account=titre).aggregate(total=Sum("effect"))["total"]
        assert euros(counted or 0) == expected

    def due(self):
        due = due_of(claimable().get(pk=self.convention.pk))
        assert due.amount == total(part.amount for part in due.parts)
        return due

    def finish(self):
        """Request what is left, answer each request: then titres ask for what is due, no more."""
        for _ in range(30):
            if pending := self.due().pending:
                tell(pending.titre, EntryKind.ISSUED)
            try:
                confirm(prepared(self.convention.campaign, self.by), by=self.by)
            except NothingToRequest:
                if not self.due().pending:
                    break
        due = self.due()
        assert due.left == 0
        assert due.issued == due.asked == due.amount


@pytest.fixture
def quick_rendering(monkeypatch):
    """A page that holds its context: what is printed is the documents' own matter."""
    monkeypatch.setattr(
        dossier, "render", lambda text, context: Rendered(repr(context).encode(), pages=1)
    )


@pytest.mark.django_db
def test_no_sequence_of_facts_makes_the_money_wrong(quick_rendering, sample, move_to):
    done = set()
    beginnings = cycle(BEGINNINGS)

    @settings(
        max_examples=sample(12, 60),
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],  # Shrinking would cost minutes; a walk is short to read.
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.lists(STEPS, min_size=10, max_size=24))
    def walk(steps):
        with transaction.atomic():
            file = File(move_to)
            beginning = next(beginnings)
            for step in [*((verb, 0, 1) for verb in beginning), *steps]:
                if file.take(*step):
                    done.add(step[0])
            file.finish()
            assert Batch.objects.count() >= 1
            transaction.set_rollback(True)

    walk()
    # Walks go far enough: a test that only ever refuses would prove nothing.
    assert set(VERBS) <= done, f"never done: {set(VERBS) - done}"
