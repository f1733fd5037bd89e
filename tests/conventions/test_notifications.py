"""People are told by e-mail: what is written, when it leaves, and what happens when it cannot."""

import datetime

import pytest
from django.core import mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from conventions.correspondence import post_message
from conventions.dossiers.sending import send_all
from conventions.exchanges.models import Notification
from conventions.exchanges.telling import retry
from conventions.models import Convention, file_facts
from conventions.terminations.models import give_formal_notice
from outbox.models import MAX_ATTEMPTS, Email
from outbox.tasks import deliver
from tests.factories import (
    ConventionFactory,
    SchoolFactory,
    UserFactory,
    current_signed_convention,
    prepare_amendment,
    print_quickly,
    sign_by_both,
)

pytestmark = pytest.mark.django_db

State = Email.State
Kind = Notification.Kind


@pytest.fixture
def queued(convention, town_hall, rectorat):
    """The e-mail of a convention just sent."""
    convention.send(by=rectorat)
    return convention.notifications.get().email


@pytest.fixture
def agent(client, rectorat):
    client.force_login(rectorat)
    return client


# --- What is written --------------------------------------------------------
def test_a_town_hall_is_told_of_its_convention_with_one_link_to_it(queued, convention, town_hall):
    assert queued.recipients == [town_hall.email]
    link = f"http://127.0.0.1:8000{convention.get_absolute_url()}"
    assert queued.body.count("http") == 1
    assert link in queued.body
    assert queued.html.count("href=") == 1
    assert f'href="{link}"' in queued.html


def test_each_address_is_written_to_once_and_closed_accounts_never(convention):
    collectivity = convention.collectivity
    collectivity.email = "Mairie@example.org"
    collectivity.save()
    UserFactory(email="mairie@example.org", collectivities=[collectivity])
    UserFactory(email="secretaire@example.org", collectivities=[collectivity])
    UserFactory(email="parti@example.org", collectivities=[collectivity], is_active=False)
    convention.send(by=None)
    recipients = convention.notifications.get().email.recipients
    assert {address.lower() for address in recipients} == {
        "mairie@example.org",
        "secretaire@example.org",
    }
    assert len(recipients) == 2


def test_names_with_an_apostrophe_are_written_as_they_are_and_tags_are_harmless(convention):
    Convention.objects.filter(pk=convention.pk).update(collectivity_title="Commune d'<b>Agde</b>")
    convention.refresh_from_db()
    convention.send(by=None)
    email = convention.notifications.get().email
    assert "Commune d'<b>Agde</b>" in email.body
    assert "<b>Agde</b>" not in email.html
    assert "&lt;b&gt;Agde" in email.html


@pytest.mark.parametrize(
    ("name", "said"),
    [("Syndicat des Écoles", "du syndicat des Écoles"), ("Le Grand Narbonne", "du Grand Narbonne")],
)
def test_a_collectivity_is_named_as_a_sentence_goes_on(convention, name, said):
    convention.send(by=None)
    convention.collectivity_title = name
    convention.abandon(by=None, comment="Erreur.")
    body = convention.notifications.latest("pk").email.body
    assert f"au dossier 2022-2023 {said}." in body.replace("\u00a0", " ")


def test_a_convention_sent_again_says_so_with_the_answer(convention, town_hall, rectorat):
    convention.send(by=rectorat)
    convention.request_correction(by=town_hall, subject="schools", comment="École fermée.")
    convention.send(by=rectorat, comment="L’école est retirée.")
    email = convention.notifications.filter(kind=Kind.SENT).first().email
    assert "corrigée" in email.subject
    assert "L’école est retirée." in email.body


def test_the_rectorat_is_told_of_a_correction_at_the_campaign_address(convention, town_hall):
    convention.campaign.contact_email = "rectorat@example.org"
    convention.campaign.save()
    convention.send(by=None)
    convention.request_correction(by=town_hall, subject="amount", comment="Trop cher.")
    email = convention.notifications.get(kind=Kind.CORRECTION_REQUESTED).email
    assert email.recipients == ["rectorat@example.org"]
    assert "Trop cher." in email.body
    assert reverse("admin:conventions_convention_change", args=[convention.pk]) in email.body


def test_each_signature_is_told_to_the_other_side(convention):
    sign_by_both(convention)
    told = convention.notifications.filter(kind=Kind.SIGNED_BY_OTHER).order_by("pk")
    assert [email.side for email in told] == ["rectorat", "town_hall"]


def test_each_signature_of_an_avenant_is_told_once_to_who_did_not_record_it(rectorat):
    convention = current_signed_convention()
    town_hall = UserFactory(collectivities=[convention.collectivity])
    amendment = prepare_amendment(convention, add=[SchoolFactory(payer=convention.collectivity)])
    today = timezone.localdate()
    amendment.send(by=rectorat, on=today)
    print_quickly(amendment)
    for on in (today - datetime.timedelta(days=1), today):
        amendment.sign_for_region(by=rectorat, on=on)
    amendment.sign_for_collectivity(by=town_hall, on=today)
    sent, to_town_hall, to_rectorat = convention.notifications.filter(
        kind__startswith="amendment"
    ).order_by("pk")
    assert (sent.kind, sent.side) == (Kind.AMENDMENT_SENT, "town_hall")
    assert (to_town_hall.kind, to_town_hall.side) == (Kind.AMENDMENT_SIGNED, "town_hall")
    assert "signé par la région académique" in to_town_hall.email.subject
    assert "Il vous reste à faire signer" in to_town_hall.email.body
    assert (to_rectorat.kind, to_rectorat.side) == (Kind.AMENDMENT_SIGNED, "rectorat")
    assert "l’avenant a pris effet" in to_rectorat.email.body


def test_each_step_of_a_termination_is_told_to_the_side_that_did_not_record_it(
    signed_convention, town_hall, rectorat
):
    def told():
        return signed_convention.notifications.filter(kind=Kind.TERMINATION).first()

    days_ago = [timezone.localdate() - datetime.timedelta(days=days) for days in (60, 40, 20)]
    notice, conciliation, letter = days_ago
    termination = give_formal_notice(
        signed_convention,
        by=rectorat,
        side="region",
        on=notice,
        grievances="Les écoles ont changé.",
    )
    assert told().side == "town_hall"
    assert "Mise en demeure par la région académique" in told().email.subject
    conciliation_by = termination.conciliation_by
    assert f"au plus tard le {conciliation_by:%d/%m/%Y}." in told().email.body
    termination.record_conciliation(by=town_hall, on=conciliation)
    assert told().side == "rectorat"
    assert signed_convention.collectivity_title in told().email.subject
    termination.send_second_letter(by=rectorat, on=letter, reasons="Rien n'a changé.")
    ends_on = termination.terminates_on
    assert f"La résiliation intervient le {ends_on:%d/%m/%Y}." in told().email.body
    termination.terminate(by=rectorat, on=ends_on)
    assert f"Convention résiliée le {ends_on:%d/%m/%Y}" in told().email.subject
    assert signed_convention.notifications.filter(kind=Kind.TERMINATION).count() == 4


def test_a_step_recorded_again_without_a_change_tells_nobody(signed_convention, rectorat):
    on = timezone.localdate()
    for _ in range(2):
        give_formal_notice(
            signed_convention, by=rectorat, side="region", on=on, grievances="Griefs"
        )
    assert signed_convention.notifications.filter(kind=Kind.TERMINATION).count() == 1


def test_a_message_is_told_to_the_side_that_did_not_write_it(convention, town_hall, rectorat):
    convention.send(by=rectorat)
    post_message(convention, by=town_hall, subject="other", body="Bonjour")
    post_message(convention, by=rectorat, subject="other", body="Bonjour à vous")
    told = convention.notifications.filter(kind=Kind.MESSAGE).order_by("pk")
    assert [email.side for email in told] == ["rectorat", "town_hall"]


# --- When it leaves ---------------------------------------------------------
def test_nothing_is_written_nor_sent_when_the_change_is_undone(
    convention, town_hall, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        convention.send(by=None)
        transaction.set_rollback(True)
    assert callbacks == []
    assert not Notification.objects.exists()


def test_a_bulk_action_asks_for_one_delivery_whatever_the_number(
    rectorat, django_capture_on_commit_callbacks
):
    for convention in ConventionFactory.create_batch(3):
        UserFactory(collectivities=[convention.collectivity])
    with django_capture_on_commit_callbacks() as callbacks:
        send_all([c.pk for c in Convention.objects.order_by("pk")], by=rectorat)
    assert Notification.objects.count() == 3
    assert len(callbacks) == 1


# --- Nobody to write to, and sending again ----------------------------------
def test_an_email_without_an_address_is_kept_as_such(
    convention, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks() as callbacks:
        convention.send(by=None)
    assert convention.notifications.get().email.state == State.NO_RECIPIENT
    assert callbacks == []


def test_it_is_queued_again_once_there_is_an_address(convention):
    convention.send(by=None)
    notification = convention.notifications.get()
    assert not retry(notification, file_facts(convention))
    UserFactory(email="mairie@example.org", collectivities=[convention.collectivity])
    assert retry(notification, file_facts(Convention.objects.get()))
    assert deliver() == 1
    assert mail.outbox[0].to == ["mairie@example.org"]


def test_what_was_sent_is_never_queued_again(queued, convention):
    deliver()
    assert not retry(queued.notification, file_facts(convention))
    assert deliver() == 0


def test_an_agent_sends_failed_emails_again_from_the_list(agent, queued):
    Email.objects.update(state=State.FAILED, attempts=MAX_ATTEMPTS)
    agent.post(
        reverse("admin:exchanges_notification_changelist"),
        {"action": "try_again", "_selected_action": [queued.notification.pk]},
    )
    assert deliver() == 1


# --- Where it is shown ------------------------------------------------------
def test_both_sides_see_the_emails_of_a_file_with_their_state(
    client, agent, queued, convention, town_hall
):
    change = reverse("admin:conventions_convention_change", args=[convention.pk])
    page = agent.get(change).content.decode()
    assert queued.subject in page
    assert "à envoyer" in page
    client.force_login(town_hall)
    page = client.get(convention.get_absolute_url()).content.decode()
    assert queued.subject in page


def test_the_list_of_emails_asks_as_many_queries_for_many_as_for_few(
    agent, queued, django_assert_max_num_queries
):
    for convention in ConventionFactory.create_batch(5):
        convention.send(by=None)
    with django_assert_max_num_queries(12):
        agent.get(reverse("admin:exchanges_notification_changelist"))
