"""A town hall asks for a correction, the rectorat answers and sends again; the thread."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from conventions.correspondence import need_no_answer, post_message
from conventions.dossiers import progress
from conventions.enrolment.enrolling import enrol, withdraw
from conventions.enrolment.preparation import prepare
from conventions.lifecycle import State
from conventions.models import Convention
from conventions.situations.facts import UNANSWERED
from documents.received.uploads import UploadedPdf
from lifecycle.errors import TransitionRefused
from tests.factories import ConventionFactory, DepartmentFactory, SchoolFactory, UserFactory

pytestmark = pytest.mark.django_db

SCAN = UploadedPdf(content=b"%PDF-1.7", pages=1, name="arrêté.pdf")


@pytest.fixture
def sent(convention, rectorat):
    convention.send(by=rectorat)
    return convention


@pytest.fixture
def returned(sent, town_hall):
    sent.request_correction(by=town_hall, subject="schools", comment="L'école a fermé.")
    return sent


@pytest.fixture
def mairie(client, town_hall):
    client.force_login(town_hall)
    return client


def url(name, convention):
    return reverse(name, args=[convention.campaign.school_year, convention.collectivity.code])


def test_a_request_opens_the_thread_and_is_kept_in_the_journal(returned, town_hall):
    message = returned.messages.get()
    entry = returned.journal.first()
    assert (message.side, message.subject, message.body) == (
        "town_hall",
        "schools",
        "L'école a fermé.",
    )
    assert (entry.verb, entry.to_state, entry.comment) == (
        "request_correction",
        State.CORRECTION_REQUESTED,
        "L'école a fermé.",
    )


def test_a_request_says_what_is_wrong_or_changes_nothing(sent, town_hall):
    with pytest.raises(ValidationError) as refusal:
        sent.request_correction(by=town_hall, subject="schools", comment="  ")
    assert list(refusal.value.error_dict) == ["comment"]
    assert not sent.messages.exists()


def test_a_request_on_an_unknown_subject_leaves_the_file_as_it_was(sent, town_hall):
    with pytest.raises(ValidationError):
        sent.request_correction(by=town_hall, subject="weather", comment="Il pleut.")
    assert (sent.state, sent.version) == (
        State.SENT,
        sent.__class__.objects.get(pk=sent.pk).version,
    )
    sent.refresh_from_db()
    assert sent.state == State.SENT


def test_what_was_confirmed_is_confirmed_anew_after_a_correction(sent, town_hall, rectorat):
    sent.accept(by=town_hall)
    sent.request_correction(by=town_hall, subject="amount", comment="Une école de trop.")
    assert sent.party is None
    sent.send(by=rectorat, comment="C'est corrigé.")
    sent.refresh_from_db()
    assert (sent.state, sent.accepted_on) == (State.SENT, None)


def test_the_answer_joins_the_thread_on_the_subject_of_the_request(returned, rectorat):
    returned.send(by=rectorat, comment="École retirée.")
    answer = returned.messages.last()
    assert (answer.side, answer.subject, answer.body) == ("rectorat", "schools", "École retirée.")


def test_sending_again_without_an_answer_writes_no_message(returned, rectorat):
    returned.send(by=rectorat)
    assert returned.messages.count() == 1


def test_schools_and_amount_follow_what_the_rectorat_corrects(returned, rectorat):
    withdraw(returned.enrolments.first(), by=rectorat)
    new = SchoolFactory(payer=returned.collectivity)
    other = SchoolFactory(payer=returned.collectivity)
    enrol(returned.campaign, f"{new.uai}\n{other.uai}", by=rectorat)
    prepare(returned.campaign, by=rectorat)
    returned.refresh_from_db()
    assert returned.school_count == 3
    assert returned.amount == 3 * returned.unit_fee


def test_a_signed_file_is_not_corrected(signed_convention, town_hall):
    with pytest.raises(TransitionRefused, match="signée par les deux parties"):
        signed_convention.request_correction(by=town_hall, subject="other", comment="Trop tard ?")


def test_the_town_hall_is_offered_both_ways_then_told_to_wait(mairie, sent, town_hall):
    page = mairie.get(sent.get_absolute_url()).content.decode()
    assert url("convention_identity", sent) in page
    assert url("convention_correction", sent) in page
    sent.request_correction(by=town_hall, subject="schools", comment="Une école a fermé.")
    page = mairie.get(sent.get_absolute_url()).content.decode()
    assert "Rien à faire pour l’instant" in page
    assert "vous renvoie la convention" in page
    assert progress.expected_now(progress.steps(sent)) is None


def test_the_form_of_a_request_demands_a_subject_and_a_comment(mairie, sent):
    response = mairie.post(url("convention_correction", sent), {"version": sent.version})
    assert set(response.context["form"].errors) == {"subject", "comment"}


def test_the_form_of_a_request_returns_the_file(mairie, sent):
    mairie.post(
        url("convention_correction", sent),
        {"version": sent.version, "subject": "other", "comment": "Une remarque."},
    )
    sent.refresh_from_db()
    assert sent.state == State.CORRECTION_REQUESTED


def test_a_message_is_read_by_both_sides_and_what_it_holds_is_escaped(
    mairie, client, sent, town_hall, rectorat
):
    post_message(sent, by=rectorat, subject="other", body="<b>Bonjour</b>\nà vous")
    page = mairie.get(sent.get_absolute_url()).content.decode()
    assert "&lt;b&gt;Bonjour&lt;/b&gt;<br>à vous" in page
    client.force_login(rectorat)
    page = client.get(reverse("admin:conventions_convention_change", args=[sent.pk]))
    assert "&lt;b&gt;Bonjour&lt;/b&gt;<br>à vous" in page.content.decode()


def test_a_message_changes_nothing_else_of_the_file(signed_convention, town_hall):
    version, state = signed_convention.version, signed_convention.state
    post_message(signed_convention, by=town_hall, subject="other", body="Merci.")
    signed_convention.refresh_from_db()
    assert (signed_convention.version, signed_convention.state) == (version, state)
    assert signed_convention.journal.first().verb == "post_message"


@pytest.mark.parametrize("subject", ["other", "schools"])
def test_the_same_message_sent_twice_is_kept_once(mairie, sent, subject):
    form = {"version": sent.version, "subject": subject, "body": "Bonjour\r\nà tous"}
    mairie.post(url("convention_message", sent), form)
    response = mairie.post(url("convention_message", sent), form)
    assert "déjà envoyé" in response.content.decode()
    assert sent.messages.count() == 1


def test_a_message_too_long_is_refused_at_its_field(mairie, sent):
    response = mairie.post(
        url("convention_message", sent),
        {"version": sent.version, "subject": "other", "body": "a" * 5001},
    )
    assert list(response.context["form"].errors) == ["body"]


def test_nobody_writes_before_the_file_is_sent_nor_once_it_is_given_up(convention, rectorat):
    with pytest.raises(TransitionRefused):
        post_message(convention, by=rectorat, subject="other", body="Trop tôt.")
    convention.abandon(by=rectorat, comment="Erreur")
    with pytest.raises(TransitionRefused):
        post_message(convention, by=rectorat, subject="other", body="Trop tard.")


def test_finance_reads_the_thread_and_does_not_write(sent, finance):
    with pytest.raises(TransitionRefused):
        post_message(sent, by=finance, subject="other", body="Bonjour.")


def test_an_attachment_is_downloaded_by_the_two_sides_only(mairie, client, sent, rectorat):
    message = post_message(sent, by=rectorat, subject="other", body="Voici.", attachment=SCAN)
    address = reverse("message_attachment", args=[message.pk])
    assert b"".join(mairie.get(address).streaming_content) == SCAN.content
    other = ConventionFactory()
    client.force_login(UserFactory(collectivities=[other.collectivity]))
    assert client.get(address).status_code == 404


# --- Nothing to answer -------------------------------------------------------------
@pytest.fixture
def thanked(sent, town_hall):
    post_message(sent, by=town_hall, subject="other", body="Bien reçu, merci.")
    return sent


def unanswered(convention):
    condition = UNANSWERED.condition(timezone.localdate())
    return Convention.objects.filter(condition, pk=convention.pk).exists()


def test_a_message_that_needs_no_answer_waits_no_more_until_another_comes(
    client, thanked, rectorat, town_hall
):
    client.force_login(rectorat)
    page = reverse("admin:conventions_convention_change", args=[thanked.pk])
    address = reverse("admin:conventions_convention_no_answer", args=[thanked.pk])
    assert unanswered(thanked)
    assert address in client.get(page).text
    last = thanked.messages.get()
    after = client.post(address, {"message": last.pk}, follow=True)
    assert not unanswered(thanked)
    assert address not in after.text
    entry = thanked.journal.get(verb="need_no_answer")
    assert (entry.by, entry.summary) == (rectorat, "Sans réponse nécessaire : autre chose")
    post_message(thanked, by=town_hall, subject="other", body="Et pour mai ?")
    assert unanswered(thanked)
    assert address in client.get(page).text


def test_a_message_that_came_meanwhile_is_read_first(thanked, rectorat, town_hall):
    first = thanked.messages.get()
    post_message(thanked, by=town_hall, subject="other", body="Et pour mai ?")
    with pytest.raises(TransitionRefused, match="arrivé depuis"):
        need_no_answer(thanked, first.pk, by=rectorat)
    assert unanswered(thanked)


def test_only_an_agent_of_the_file_notes_it_and_only_once(thanked, rectorat, town_hall, finance):
    last = thanked.messages.get().pk
    limited = UserFactory(role="rectorat", departments=[DepartmentFactory(code="48")])
    for stranger in (town_hall, finance, limited):
        with pytest.raises(TransitionRefused):
            need_no_answer(thanked, last, by=stranger)
    need_no_answer(thanked, last, by=rectorat)
    with pytest.raises(TransitionRefused, match="Aucun message"):
        need_no_answer(thanked, last, by=rectorat)


def test_a_request_for_correction_is_answered_by_sending(returned, rectorat):
    with pytest.raises(TransitionRefused, match="Aucun message"):
        need_no_answer(returned, returned.messages.get().pk, by=rectorat)
