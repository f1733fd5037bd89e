"""Two people on one file at the same moment: one wins, the other is told who and when."""

import threading

import pytest
from django.db import connection
from django.utils import timezone

from conventions.acts.models import Act
from conventions.authority import record_act
from conventions.correspondence import post_message
from conventions.enrolment import preparation
from conventions.enrolment.enrolling import enrol
from conventions.lifecycle import State
from conventions.models import Convention
from lifecycle import door
from lifecycle.errors import StaleFile, TransitionRefused
from tests.factories import ConventionFactory, SchoolFactory, UserFactory, print_quickly

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


def meet(monkeypatch, module, name, mine, theirs):
    """After `name` of `module` was first called, say so (`mine`), and leave the other one time.

    Who takes rows in the order of the house never gets there while the other one holds
    what comes before: it is then the time given that ends the wait.
    """
    called = getattr(module, name)

    def call_and_wait(*args, **kwargs):
        result = called(*args, **kwargs)
        if not mine.is_set():
            mine.set()
            theirs.wait(timeout=2)
        return result

    monkeypatch.setattr(module, name, call_and_wait)


def both(*steps):
    """Do each step in a thread of its own; return what each raised, or None."""
    outcomes = [None] * len(steps)

    def act(index, step):
        try:
            step()
        except Exception as error:
            outcomes[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=pair) for pair in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes


def test_preparing_a_campaign_and_sending_one_of_its_files_never_wait_for_each_other(
    monkeypatch, agents
):
    convention = ConventionFactory()
    school = SchoolFactory(payer=convention.collectivity)
    enrol(convention.campaign, school.uai, by=None)
    holds_campaign, wrote_file = threading.Event(), threading.Event()
    # Each takes its first row, then the other one's.
    meet(monkeypatch, preparation, "_with_exchanges", holds_campaign, wrote_file)
    meet(monkeypatch, door, "compare_and_swap", wrote_file, holds_campaign)
    outcomes = both(
        lambda: preparation.prepare(
            convention.campaign, by=agents[0], payers=[convention.collectivity_id]
        ),
        lambda: Convention.objects.with_parties().get(pk=convention.pk).send(by=agents[1]),
    )
    # One of them may come too late, and says so: a refusal, never a deadlock.
    assert all(outcome is None or isinstance(outcome, StaleFile) for outcome in outcomes)
    assert not all(outcomes)


def test_correcting_an_act_and_giving_its_file_up_never_wait_for_each_other(
    monkeypatch, accepted, agents
):
    wrote_act, wrote_file = threading.Event(), threading.Event()
    meet(monkeypatch, Act, "save", wrote_act, wrote_file)
    meet(monkeypatch, door, "compare_and_swap", wrote_file, wrote_act)
    files = [Convention.objects.with_parties().get(pk=accepted.pk) for _ in agents]
    outcomes = both(
        lambda: record_act(files[0], by=agents[0], kind="decision", number="2", dated_on=TODAY()),
        lambda: files[1].abandon(by=agents[1], comment="Erreur."),
    )
    assert sorted(str(type(o).__name__) for o in outcomes) == ["NoneType", "StaleFile"], outcomes


def test_who_comes_after_the_state_changed_is_told_who_changed_it(accepted, agents):
    accepted.abandon(by=agents[0], comment="Erreur.")
    with pytest.raises(TransitionRefused) as refusal:
        accepted.sign_for_region(by=agents[1], on=TODAY())
    assert agents[0].get_full_name() in refusal.value.messages[0]
