"""Two people on one file at the same moment: one wins, the other is told who and when."""

import threading

import pytest
from django.db import connection
from django.utils import timezone

from conventions.authority import record_act
from conventions.correspondence import post_message
from conventions.lifecycle import State
from conventions.models import Convention
from lifecycle.errors import TransitionRefused
from tests.factories import ConventionFactory, UserFactory, print_quickly

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("database_of_several"),
]

TODAY = timezone.localdate


@pytest.fixture
def agents():
    return [
        UserFactory(role="rectorat", last_name="Première"),
        UserFactory(role="administrator", last_name="Seconde"),
    ]


@pytest.fixture
def accepted():
    convention = ConventionFactory()
    convention.send(by=None)
    convention.accept(by=None)
    record_act(convention, by=None, kind="decision", number="1", dated_on=TODAY())
    print_quickly(convention)
    return convention


def at_once(convention, agents, *verbs):
    """Do each verb in a thread of its own, all on the file as it was read; return what came of it.

    Each thread reads the file before any of them writes, as two screens opened side by side.
    """
    all_have_read = threading.Barrier(len(verbs))
    outcomes = [None] * len(verbs)

    def act(index, verb):
        try:
            same = Convention.objects.with_parties().get(pk=convention.pk)
            all_have_read.wait(timeout=20)
            outcomes[index] = verb(same, agents[index])
        except TransitionRefused as refusal:
            outcomes[index] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=pair) for pair in enumerate(verbs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    convention.refresh_from_db()
    return outcomes


def winner_and_refusal(outcomes, agents):
    """Return the agent who won and what the other one was told; there is one of each."""
    lost = [index for index, outcome in enumerate(outcomes) if outcome is not None]
    assert len(lost) == 1, outcomes
    return agents[1 - lost[0]], " ".join(outcomes[lost[0]].messages)


def sign_for_region(file, by):
    file.sign_for_region(by=by, on=TODAY())


def sign_for_collectivity(file, by):
    file.sign_for_collectivity(by=by, on=TODAY())


def accept(file, by):
    file.accept(by=by)


def request_correction(file, by):
    file.request_correction(by=by, subject="other", comment="À revoir.")


def send(file, by):
    file.send(by=by)


def abandon(file, by):
    file.abandon(by=by, comment="Erreur.")


def enter_act(file, by):
    record_act(file, by=by, kind="deliberation", number=by.last_name, dated_on=TODAY())


@pytest.mark.parametrize(
    "verbs",
    [
        (sign_for_region, sign_for_region),
        (sign_for_region, sign_for_collectivity),
        (accept, request_correction),
        (enter_act, enter_act),
        (enter_act, sign_for_collectivity),
        (sign_for_region, abandon),
    ],
)
def test_one_of_two_wins_and_the_other_is_told_who_and_when(accepted, agents, verbs):
    written = accepted.journal.count()
    winner, told = winner_and_refusal(at_once(accepted, agents, *verbs), agents)
    assert winner.get_full_name() in told
    assert f"{TODAY():%d/%m/%Y}" in told
    assert accepted.journal.count() == written + 1
    assert accepted.journal.first().by == winner


def test_a_file_is_sent_or_abandoned_never_both(agents):
    convention = ConventionFactory()
    winner, told = winner_and_refusal(at_once(convention, agents, send, abandon), agents)
    assert winner.get_full_name() in told
    released = convention.enrolments.filter(released_on__isnull=False).exists()
    assert released == (convention.state == State.ABANDONED)


def test_a_double_click_sends_a_message_once(accepted, agents):
    def post(file, by):
        post_message(file, by=agents[0], subject="other", body="Bonjour")

    outcomes = at_once(accepted, agents, post, post)
    assert [type(outcome) for outcome in outcomes].count(TransitionRefused) == 1
    assert accepted.messages.count() == 1


def test_two_people_write_in_the_thread_without_getting_in_each_others_way(accepted, agents):
    def post(file, by):
        post_message(file, by=by, subject="other", body="Bonjour")

    assert at_once(accepted, agents, post, post) == [None, None]
    assert accepted.messages.count() == 2


def test_who_comes_after_the_state_changed_is_told_who_changed_it(accepted, agents):
    accepted.abandon(by=agents[0], comment="Erreur.")
    with pytest.raises(TransitionRefused) as refusal:
        accepted.sign_for_region(by=agents[1], on=TODAY())
    assert agents[0].get_full_name() in refusal.value.messages[0]
