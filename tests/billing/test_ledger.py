"""Status, balance and dates of a titre follow from its entries, as at any day."""

import datetime
from contextlib import nullcontext
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from hypothesis import given
from hypothesis import strategies as st

from billing.balances import total_of, unsettled
from billing.batches.outcomes import mark_sent
from billing.coding.models import BudgetYear
from billing.ledger import Status, account_of, euros
from billing.models import Counter, Entry, Titre, next_number
from billing.models.entry import EntryKind
from billing.recording import EntryRefused, Fact, record, reverse
from law import collection, deadlines

from .conftest import amend, issue, request, tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def titre(current, finance):
    request(current.campaign, finance)
    return Titre.objects.get()


def now(titre, as_at=None):
    return account_of(Titre.objects.in_full().get(pk=titre.pk), as_at)


class TestLife:
    def test_requested_issued_taken_partly_received_received(self, titre):
        assert now(titre).status == Status.REQUESTED
        issue(titre, chorus_number="X1")
        assert (now(titre).status, now(titre).balance) == (Status.ISSUED, Decimal("90.00"))
        tell(titre, EntryKind.TAKEN_IN_CHARGE)
        assert now(titre).status == Status.TAKEN_IN_CHARGE
        tell(titre, EntryKind.RECEIVED, amount="40.50")
        assert (now(titre).status, now(titre).balance) == (
            Status.PARTLY_RECEIVED,
            Decimal("49.50"),
        )
        tell(titre, EntryKind.RECEIVED, amount="49.50")
        assert (now(titre).status, now(titre).balance) == (Status.RECEIVED, 0)

    def test_an_excess_shows_below_zero_until_it_is_refunded(self, titre):
        issue(titre)
        tell(titre, EntryKind.RECEIVED, amount=100)
        assert now(titre).balance == Decimal("-10.00")
        tell(titre, EntryKind.REFUNDED, amount=10)
        assert now(titre).balance == 0

    def test_a_payment_reversed_is_owed_again(self, titre):
        issue(titre)
        tell(titre, EntryKind.RECEIVED, amount=90)
        tell(titre, EntryKind.PAYMENT_REVERSED, amount=90)
        assert (now(titre).status, now(titre).balance) == (Status.ISSUED, Decimal("90.00"))

    def test_a_contestation_suspends_then_its_decision_reduces_what_is_due(
        self, titre, current, finance
    ):
        issue(titre)
        tell(titre, EntryKind.CONTESTED, amount=45)
        assert (now(titre).status, now(titre).contested_amount) == (Status.CONTESTED, 45)
        tell(titre, EntryKind.DECIDED, amount=45, reason="Une école n'est pas à elle.")
        request(current.campaign, finance)
        reduction = Titre.objects.get(kind="reduction")
        assert reduction.amount == 45
        issue(reduction)
        assert (now(titre).status, now(titre).balance) == (Status.REDUCED, 45)

    def test_write_off_and_remission_are_acts_with_reason_decision_and_author(self, titre):
        issue(titre)
        with pytest.raises(EntryRefused, match="ordonnateur"):
            record(titre, Fact(EntryKind.WRITTEN_OFF, titre.requested_on, Decimal(90)), by=None)
        tell(titre, EntryKind.REMITTED, amount=40)
        tell(titre, EntryKind.WRITTEN_OFF, amount=50)
        assert (now(titre).status, now(titre).balance) == (Status.WRITTEN_OFF, 0)


class TestAsAtADay:
    def test_what_comes_later_changes_nothing_of_the_day(self, titre, move_to, today):
        issue(titre, due_on=today)
        move_to(today + datetime.timedelta(days=40))
        tell(titre, EntryKind.RECEIVED, amount=90)
        assert now(titre).status == Status.RECEIVED
        before = now(titre, today + datetime.timedelta(days=20))
        assert (before.status, before.balance, before.is_late) == (Status.ISSUED, 90, True)

    def test_an_entry_undone_later_still_counts_on_its_day(self, titre, move_to, today):
        issue(titre)
        paid = tell(titre, EntryKind.RECEIVED, amount=90)
        later = today + datetime.timedelta(days=5)
        move_to(later)
        reverse(paid, on=later, reason="Mauvais titre.", by=None)
        assert now(titre, today).balance == 0
        assert now(titre).balance == 90

    def test_the_budget_year_is_that_of_issue_unknown_before(self, titre):
        assert now(titre).budget_year is None
        issue(titre)
        assert now(titre).budget_year == titre.requested_on.year


class TestRefusals:
    @pytest.mark.parametrize(
        ("kind", "facts", "words"),
        [
            (EntryKind.RECEIVED, {"amount": 10}, "numéro Chorus vient d'abord"),
            (EntryKind.REJECTED, {"reason": " "}, "motif du rejet"),
            (EntryKind.ISSUED, {"chorus_number": ""}, "numéro du titre dans Chorus"),
            (EntryKind.ISSUED, {"amount": 91}, "90,00"),
            (EntryKind.CONTESTED, {}, "numéro Chorus vient d'abord"),
        ],
    )
    def test_before_it_is_issued(self, titre, kind, facts, words):
        with pytest.raises(EntryRefused, match=words):
            tell(titre, kind, **facts)

    @pytest.mark.parametrize(
        ("kind", "facts", "words"),
        [
            (EntryKind.ISSUED, {}, "déjà émis"),
            (EntryKind.REJECTED, {}, "déjà émis"),
            (EntryKind.PAYMENT_REVERSED, {"amount": 1}, "encaissés"),
            (EntryKind.REFUNDED, {"amount": 1}, "encaissés"),
            (EntryKind.RECEIVED, {}, "supérieur à zéro"),
            (EntryKind.DECIDED, {}, "Aucune contestation"),
            (EntryKind.REMITTED, {"amount": 91}, "reste dû"),
        ],
    )
    def test_once_it_is_issued(self, titre, kind, facts, words):
        issue(titre)
        with pytest.raises(EntryRefused, match=words):
            tell(titre, kind, **facts)

    def test_of_the_future_or_before_the_request(self, titre):
        for day in (datetime.date(2099, 1, 1), datetime.date(2000, 1, 1)):
            with pytest.raises(EntryRefused):
                issue(titre, on=day)

    def test_an_issue_on_which_others_rest_is_not_undone(self, titre, today):
        issued = issue(titre)
        tell(titre, EntryKind.RECEIVED, amount=1)
        with pytest.raises(EntryRefused, match="reposent"):
            reverse(issued, on=today, reason="Erreur.", by=None)

    def test_one_chorus_number_is_that_of_one_titre(self, titre, current, finance):
        issue(titre, chorus_number="X1")
        amend(current, add=1)
        request(current.campaign, finance)
        with pytest.raises(EntryRefused, match="déjà celui"):
            issue(Titre.objects.get(kind="supplement"), chorus_number="X1")


class TestDatabase:
    def test_an_effect_that_is_not_its_kinds_is_refused(self, titre):
        issue(titre)
        wrong = Entry(
            titre=titre, account=titre, kind="received", on=titre.requested_on, amount=10, effect=10
        )
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong.save()

    def test_a_number_given_never_comes_back(self):
        first, second = next_number("essai"), next_number("essai")
        assert (first, second) == (1, 2)
        for sql in (
            "UPDATE billing_counter SET value = 1 WHERE name = 'essai'",
            "DELETE FROM billing_counter WHERE name = 'essai'",
        ):
            with (
                pytest.raises(IntegrityError, match="plus jamais"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(sql)
        assert Counter.objects.get(pk="essai").value == 2

    def test_lists_add_up_what_each_account_says(self, titre, current, finance, today):
        issue(titre, due_on=today)
        tell(titre, EntryKind.CONTESTED, amount=30)
        tell(titre, EntryKind.RECEIVED, amount="20.05")
        (line,) = unsettled(today)
        account = now(titre)
        assert euros(line["balance"]) == account.balance
        assert line["aged_from"] == account.aged_from
        assert total_of(Titre.objects.all()) == Decimal("90.00")
        summed = Entry.objects.aggregate(total=Sum("effect"))["total"]
        assert euros(summed) == account.balance


# --- Dates that the law computes ------------------------------------------------
def test_a_titre_is_contested_within_two_months_of_its_notification(titre, day):
    issue(titre, notified_on=titre.requested_on)
    assert now(titre).contest_until == collection.contest_until(titre.requested_on)
    assert collection.contest_until(day("10/01/2026")) == day("11/03/2026")


@pytest.mark.parametrize(
    ("received", "silence", "court"),
    [("10/01/2026", "10/07/2026", "11/09/2026"), ("31/08/2025", "28/02/2026", "29/04/2026")],
)
def test_silence_rejects_after_six_months_then_two_to_go_to_court(day, received, silence, court):
    assert collection.decide_by(day(received)) == day(silence)
    assert collection.court_until(day(received)) == day(court)


def test_a_decision_in_time_starts_the_two_months_anew_a_late_one_does_not(day):
    received = day("10/01/2026")
    assert collection.court_until(received, day("10/03/2026")) == day("11/05/2026")
    late = day("10/12/2026")
    assert collection.court_until(received, late) == collection.court_until(received)


@pytest.mark.parametrize(
    ("arose", "interruptions", "prescribed"),
    [
        ("10/10/2022", [], "01/01/2027"),
        ("31/12/2022", [], "01/01/2027"),
        ("10/10/2022", ["15/06/2024"], "01/01/2029"),
        ("10/10/2022", ["31/12/2026"], "01/01/2031"),
        ("10/10/2022", ["02/01/2027"], "01/01/2027"),
    ],
)
def test_four_years_from_the_last_interruption(day, arose, interruptions, prescribed):
    days = [day(text) for text in interruptions]
    assert deadlines.prescribed_on(day(arose), days) == day(prescribed)


@given(st.dates(datetime.date(2000, 1, 1), datetime.date(2090, 12, 31)))
def test_a_written_demand_never_shortens_the_delay(day):
    before = deadlines.prescribed_on(datetime.date(2022, 10, 10))
    assert deadlines.prescribed_on(datetime.date(2022, 10, 10), [day]) >= before


def test_a_reminder_interrupts_and_is_the_titres_own(titre, current, finance, move_to, today):
    mark_sent(titre.batch, on=today, by=finance)
    issue(titre)
    later = datetime.date(today.year + 2, 3, 1)
    move_to(later)
    tell(titre, EntryKind.REMINDED)
    assert now(titre).prescribed_on == datetime.date(later.year + 5, 1, 1)
    assert now(titre, today).prescribed_on == datetime.date(today.year + 5, 1, 1)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"on": "0026-11-24"}, "on"),
        ({"notified_on": "0026-11-24"}, "notified_on"),
        ({"notified_on": "2099-01-01"}, "notified_on"),
        ({"due_on": "0026-11-24"}, "due_on"),
        ({"due_on": "2099-01-01"}, "due_on"),
    ],
)
def test_no_fact_of_a_titre_is_of_another_age(titre, typed, said):
    days = {name: datetime.date.fromisoformat(day) for name, day in typed.items()}
    with pytest.raises(EntryRefused) as refusal:
        issue(titre, **days)
    assert set(refusal.value.message_dict) == {said}


@pytest.mark.parametrize(("day", "is_taken"), [("2026-12-15", True), ("0026-12-15", False)])
def test_the_last_day_for_a_batch_is_of_its_year(day, is_taken):
    year = BudgetYear(year=2026, last_batch_on=datetime.date.fromisoformat(day))
    with nullcontext() if is_taken else pytest.raises(ValidationError, match="Vouliez-vous"):
        year.clean()
