"""E-mails leave the outbox once, whatever dies meanwhile, and are tried again when refused."""

import datetime
import smtplib

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from accounts.tasks import clean_up
from outbox.models import LINK_LASTS, MAX_ATTEMPTS, RETRY_DELAYS, Email, PersonalLink
from outbox.posting import delivered_together, post
from outbox.tasks import deliver, forget_links

pytestmark = pytest.mark.django_db

State = Email.State


class RefusingBackend(EmailBackend):
    """A server that answers, and refuses every message."""

    def send_messages(self, messages):
        raise smtplib.SMTPRecipientsRefused({"mairie@example.org": (550, b"unknown")})


class SilentBackend(EmailBackend):
    """A server that does not answer."""

    def open(self):
        raise ConnectionRefusedError("Connection refused")


def use(settings, backend):
    settings.EMAIL_BACKEND = f"{__name__}.{backend.__name__}"


def posted():
    return post(["mairie@example.org"], subject="Objet", body="Texte", html="<p>Texte</p>", by=None)


@pytest.fixture
def queued():
    return posted()


def later(email):
    """Let the time of the next attempt come."""
    past = timezone.now() - datetime.timedelta(seconds=1)
    Email.objects.filter(pk=email.pk).update(next_attempt_at=past)


# --- When it leaves ---------------------------------------------------------
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("commits", "deliveries"), [(0, 0), (1, 1), (2, 2), (5, 2)])
def test_many_commits_done_together_ask_for_a_delivery_at_the_first_and_at_the_end(
    settings, monkeypatch, commits, deliveries
):
    settings.DELIVER_AT_ONCE = False
    asked = []
    monkeypatch.setattr("outbox.posting.async_task", asked.append)
    with delivered_together():
        for _ in range(commits):
            posted()
        assert len(asked) == min(commits, 1)
    assert len(asked) == deliveries


def fails_after_two():
    with delivered_together():
        posted()
        posted()
        raise ZeroDivisionError


@pytest.mark.django_db(transaction=True)
def test_what_fails_among_many_commits_still_has_the_others_delivered(settings, monkeypatch):
    settings.DELIVER_AT_ONCE = False
    asked = []
    monkeypatch.setattr("outbox.posting.async_task", asked.append)
    with pytest.raises(ZeroDivisionError):
        fails_after_two()
    assert len(asked) == 2


def test_a_long_subject_is_cut_to_what_is_kept():
    email = post([], subject="é" * 201, body="Texte", html="", by=None)
    assert email.subject == "é" * 199 + "…"


def test_a_delivery_sends_text_and_html_then_has_nothing_left_to_do(queued):
    assert deliver() == 1
    queued.refresh_from_db()
    assert queued.state == State.SENT
    assert queued.sent_at is not None
    assert mail.outbox[0].body == queued.body
    assert mail.outbox[0].alternatives[0].mimetype == "text/html"
    assert deliver() == 0
    assert len(mail.outbox) == 1


def test_of_two_workers_with_the_same_email_in_hand_one_sends_it(queued):
    mine, theirs = (Email.objects.get(pk=queued.pk) for _ in range(2))
    assert mine.claim()
    assert not theirs.claim()
    assert deliver() == 0


def test_an_email_whose_worker_died_is_due_again_by_itself(queued):
    assert queued.claim()
    later(queued)
    assert deliver() == 1


# --- When it cannot ---------------------------------------------------------
def test_a_refused_email_keeps_its_error_and_waits_longer_each_time(queued, settings):
    use(settings, RefusingBackend)
    waits = []
    for _ in range(MAX_ATTEMPTS - 1):
        assert deliver() == 0
        queued.refresh_from_db()
        assert queued.state == State.QUEUED
        waits.append(queued.next_attempt_at - timezone.now())
        later(queued)
    assert "550" in queued.error
    assert waits == sorted(waits)
    assert waits[-1] > RETRY_DELAYS[-3]


def test_the_last_refusal_is_final(queued, settings):
    use(settings, RefusingBackend)
    for _ in range(MAX_ATTEMPTS):
        deliver()
        later(queued)
    queued.refresh_from_db()
    assert (queued.state, queued.attempts) == (State.FAILED, MAX_ATTEMPTS)
    deliver()
    assert Email.objects.get(pk=queued.pk).attempts == MAX_ATTEMPTS


def test_an_email_refused_once_is_sent_the_next_time(queued, settings):
    backend = settings.EMAIL_BACKEND
    use(settings, RefusingBackend)
    deliver()
    settings.EMAIL_BACKEND = backend
    later(queued)
    assert deliver() == 1
    queued.refresh_from_db()
    assert (queued.state, queued.error) == (State.SENT, "")


def test_a_refused_email_does_not_keep_the_others_waiting(queued, settings):
    posted()
    use(settings, RefusingBackend)
    deliver()
    assert list(Email.objects.values_list("attempts", flat=True)) == [1, 1]


def test_a_server_that_does_not_answer_uses_up_no_attempt(queued, settings):
    use(settings, SilentBackend)
    deliver()
    queued.refresh_from_db()
    assert (queued.state, queued.attempts) == (State.QUEUED, 0)
    assert "injoignable" in queued.error


def test_an_email_whose_worker_died_at_the_last_attempt_is_a_failure(queued):
    Email.objects.update(attempts=MAX_ATTEMPTS)
    later(queued)
    deliver()
    queued.refresh_from_db()
    assert queued.state == State.FAILED


# --- The links that they bore -------------------------------------------------
def test_an_old_link_goes_and_what_may_still_be_sent_keeps_its_own():
    sent = posted()
    deliver()
    queued = posted()
    for email in (sent, queued):
        PersonalLink.make(email, "a@exemple.invalid")
    assert forget_links() == 0
    PersonalLink.objects.update(made_at=timezone.now() - LINK_LASTS)
    assert forget_links() == 0  # It still says that it has served, or is too old.
    PersonalLink.objects.update(made_at=timezone.now() - datetime.timedelta(days=91))
    clean_up()
    assert PersonalLink.objects.get().email == queued
