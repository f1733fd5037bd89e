"""What the database adds up of random ledgers is what the account of each titre says, any day."""

import datetime
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing.models import Entry, Titre
from billing.models.entry import EntryKind
from billing.recording import EntryRefused, reverse
from tests.factories import CampaignFactory, ConventionFactory

from .by_hand import aged, aged_by_hand, six_months_after
from .conftest import request, sign_in_order, tell

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

START = datetime.date(2026, 10, 1)
# Every titre is issued; then what happens, on which day after that, to which one, how many cents.
ISSUES = st.lists(
    st.tuples(st.integers(0, 60), st.none() | st.integers(0, 120)), min_size=5, max_size=5
)
FACTS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *(EntryKind.RECEIVED, EntryKind.PAYMENT_REVERSED, EntryKind.REFUNDED),
                *(EntryKind.CONTESTED, EntryKind.DECIDED, EntryKind.CONTESTED),
                *(EntryKind.REMITTED, EntryKind.WRITTEN_OFF, None),
            ]
        ),
        st.integers(60, 600),
        st.integers(0, 4),
        st.integers(1, 10000),
    ),
    min_size=8,
    max_size=16,
)
# Chance alone seldom decides what was contested, or pays more than is due; nor does it leave a
# contestation without decision for six months, decide it then, and contest once more. The day
# 150 is 28 February, and the 333 and 334 are 30 and 31 August.
FIRST = (
    (EntryKind.CONTESTED, 70, 0, 1500),
    (EntryKind.RECEIVED, 500, 1, 20000),
    (EntryKind.DECIDED, 200, 0, 650),
    (EntryKind.CONTESTED, 150, 2, 1200),
    (EntryKind.DECIDED, 360, 2, 300),
    (EntryKind.CONTESTED, 365, 2, 100),
    (EntryKind.CONTESTED, 333, 3, 800),
    (EntryKind.CONTESTED, 334, 4, 700),
)
DAYS = st.lists(st.integers(0, 700), min_size=3, max_size=3)


@pytest.fixture
def titres(finance, move_to):
    """Five titres of three debtors, two of whom have one of each year."""
    move_to(START)
    campaigns = [CampaignFactory(start_year=year) for year in (2025, 2026)]
    for place in range(3):
        convention = ConventionFactory(campaign=campaigns[0], schools_count=1 + place)
        sign_in_order(convention)
        if place:
            again = ConventionFactory(campaign=campaigns[1], collectivity=convention.collectivity)
            sign_in_order(again, on=START)
    for campaign in campaigns:
        request(campaign, finance)
    return list(Titre.objects.order_by("pk"))


def after(days):
    return START + datetime.timedelta(days=days)


def contested_on():
    contested = Entry.objects.filter(kind=EntryKind.CONTESTED)
    return sorted(set(contested.values_list("on", flat=True)))


def undo(titre, day):
    entry = Entry.objects.filter(titre=titre, reverses=None).latest("on", "pk")
    reverse(entry, on=day, reason="Erreur.", by=None)


def take(titre, kind, day, cents):
    """Do what the ledger takes; tell whether it did."""
    try:
        with transaction.atomic():
            if kind is None:
                undo(titre, day)
            else:
                tell(titre, kind, day, Decimal(cents) / 100)
    except EntryRefused:
        return False
    return True


def test_the_database_adds_up_what_each_account_says(titres, sample, move_to):
    move_to(after(800))
    done = set()

    @settings(
        max_examples=sample(6, 60),
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(ISSUES, FACTS, DAYS)
    def compare(issues, facts, days):
        with transaction.atomic():
            for titre, (on, due) in zip(titres, issues, strict=True):
                due_on = None if due is None else after(on + due)
                tell(titre, EntryKind.ISSUED, after(on), due_on=due_on)
            for kind, day, place, cents in sorted([*FIRST, *facts], key=lambda fact: fact[1]):
                if take(titres[place], kind, after(day), cents):
                    done.add(kind)
            silences = [six_months_after(each) for each in contested_on()]
            eves = [day - datetime.timedelta(days=1) for day in silences]
            for day in (*map(after, (*days, 800)), *silences, *eves):
                told = aged(day)
                done.update(n for line in told.values() for n, v in enumerate(line[2:]) if v)
                assert told == aged_by_hand(day)
            transaction.set_rollback(True)

    compare()
    # Each of the seven places held something, and everything that counts happened.
    assert done >= {*range(7), None, EntryKind.RECEIVED, EntryKind.CONTESTED, EntryKind.DECIDED}
