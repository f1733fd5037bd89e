"""Thousands sent at once: what one sending does, in a few queries for all."""

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from conventions.dossiers.sending import send_all
from conventions.exchanges.models import Message
from conventions.lifecycle import State
from conventions.models import Convention
from jobs import running
from lifecycle import door
from lifecycle.errors import StaleFile
from tests.factories import ConventionFactory, DepartmentFactory, UserFactory

pytestmark = pytest.mark.django_db


def reachable():
    convention = ConventionFactory()
    UserFactory(collectivities=[convention.collectivity])
    return convention


def returned():
    convention = reachable()
    convention.send(by=None)
    by = UserFactory(role="rectorat")
    convention.request_correction(by=by, subject=Message.Subject.OTHER, comment="Une école")
    return convention


def what_remains_of(convention):
    """The file, its journal and its last e-mail, without what tells one file from another."""
    file = Convention.objects.get(pk=convention.pk)
    entry = file.journal.first()
    email = file.notifications.first().email
    name, reference = file.collectivity_title, file.reference

    def neutral(text):
        # As a subject names it, and as a sentence does: « la commune de Bourg ».
        text = text.replace(name, "X").replace(name[0].lower() + name[1:], "x")
        text = text.replace(reference, "R")
        return text.replace(file.collectivity.code, "C")

    return (
        (file.state, file.sent_on, file.version, file.campaign.first_sent_on),
        (entry.by, entry.by_name, entry.verb, entry.summary, entry.from_state, entry.to_state),
        (entry.comment, entry.changes),
        (neutral(email.subject), neutral(email.body), neutral(email.html)),
        (email.state, email.created_by, len(email.recipients)),
    )


@pytest.mark.parametrize("make", [reachable, returned, ConventionFactory])
def test_it_leaves_what_sending_one_by_one_leaves(make, rectorat):
    alone, together = make(), [make(), make()]
    alone.refresh_from_db()
    alone.send(by=rectorat)
    done = send_all([c.pk for c in together], by=rectorat)
    assert (len(done.sent), done.refused) == (2, {})
    for convention in together:
        assert what_remains_of(convention) == what_remains_of(alone)


def test_what_cannot_be_sent_is_left_out_with_the_reason_and_the_others_leave(rectorat):
    ready, already, empty = reachable(), reachable(), ConventionFactory()
    already.send(by=None)
    Convention.objects.filter(pk=empty.pk).update(school_count=0, amount=0)
    done = send_all([ready.pk, already.pk, empty.pk], by=rectorat)
    assert (done.sent, done.unreached) == ([ready], set())
    assert "La convention est envoyée" in done.refused[already.pk].messages[0]
    assert "au moins une école" in done.refused[empty.pk].messages[0]


def test_files_of_others_are_refused(convention):
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    agent = UserFactory(role="rectorat", departments=[gard])
    done = send_all([convention.pk], by=agent)
    assert (done.sent, list(done.refused)) == ([], [convention.pk])


def test_nothing_is_kept_when_one_has_changed_meanwhile(rectorat, monkeypatch):
    conventions = [reachable(), reachable()]
    really = door.compare_and_swap_all

    def after_somebody_else(targets, **values):
        Convention.objects.filter(pk=conventions[1].pk).update(version=F("version") + 1)
        really(targets, **values)

    monkeypatch.setattr(door, "compare_and_swap_all", after_somebody_else)
    with pytest.raises(StaleFile):
        send_all([c.pk for c in conventions], by=rectorat)
    assert set(Convention.objects.values_list("state", flat=True)) == {State.PREPARED}


def test_queries_do_not_grow_with_the_number(rectorat):
    def queries(count):
        keys = [reachable().pk for _ in range(count)]
        with CaptureQueriesContext(
            connection,
        ) as captured:
            send_all(keys, by=rectorat)
        return len(captured)

    queries(1)
    assert queries(2) == queries(12)


def test_only_those_that_an_email_reaches_are_sent_when_asked(rectorat, worked):
    reached, unreached = reachable(), ConventionFactory()
    keys = [reached.pk, unreached.pk]
    running.start("send", keys, by=rectorat, facts={"only_reached": True})
    job = worked()
    unreached.refresh_from_db()
    assert unreached.state == State.PREPARED
    assert "personne n'est prévenu" in job.items.get(key=unreached.pk).reason
    assert job.items.get(key=reached.pk).state == "done"


def test_who_is_reached_by_nobody_is_told_in_the_report(rectorat, worked):
    reached, unreached = reachable(), ConventionFactory()
    running.start("send", [reached.pk, unreached.pk], by=rectorat)
    job = worked()
    assert job.items.filter(state="done").count() == 2
    assert [item.key for item in job.items.exclude(reason="")] == [unreached.pk]


def test_each_file_has_the_email_that_names_it_beyond_what_one_statement_takes(rectorat):
    keys = [ConventionFactory().pk for _ in range(27)]
    send_all(keys, by=rectorat)
    for convention in Convention.objects.filter(pk__in=keys):
        body = convention.notifications.get().email.body
        assert (convention.reference in body, convention.get_absolute_url() in body) == (True, True)


def test_accounts_are_written_to_for_each_of_their_files_and_closed_ones_for_none(rectorat):
    both, other = ConventionFactory(), ConventionFactory()
    shared = UserFactory(collectivities=[both.collectivity, other.collectivity])
    own = UserFactory(collectivities=[both.collectivity])
    UserFactory(collectivities=[both.collectivity], is_active=False)
    send_all([both.pk], by=rectorat)
    send_all([other.pk], by=rectorat)
    assert both.notifications.get().email.recipients == sorted([shared.email, own.email])
    assert other.notifications.get().email.recipients == [shared.email]
