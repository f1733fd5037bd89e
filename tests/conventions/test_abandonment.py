"""Given up: both sides know why, the file stays readable, another may take its place."""

import pytest
from django.urls import reverse
from django.utils import timezone

from conventions.authority import adapt_act, drop_draft, record_act, record_act_dates
from conventions.enrolment.resuming import resume
from conventions.exchanges.models import Notification
from conventions.lifecycle import State
from conventions.models import Convention, hand_in, withdraw
from documents.received.uploads import UploadedPdf
from lifecycle.errors import TransitionRefused
from tests.factories import (
    SchoolFactory,
    current_signed_convention,
    prepare_amendment,
    print_quickly,
)

pytestmark = pytest.mark.django_db
Kind = Notification.Kind
TODAY = timezone.localdate
SCAN = UploadedPdf(content=b"%PDF-1.7", pages=1, name="scan.pdf")


@pytest.fixture
def half_signed(convention):
    """The collectivity has signed; an error is found then."""
    convention.send(by=None)
    convention.accept(by=None)
    record_act(convention, by=None, kind="decision", number="1", dated_on=TODAY())
    print_quickly(convention)
    convention.sign_for_collectivity(by=None, on=TODAY())
    return convention


def test_the_town_hall_is_told_with_the_reason(half_signed, rectorat, town_hall):
    half_signed.abandon(by=rectorat, comment="L'école X n'existe plus.")
    told = half_signed.notifications.get(kind=Kind.ABANDONED)
    assert told.side == "town_hall"
    assert "«\u00a0L’école X n’existe plus.\u00a0»" in told.email.body
    assert f"?reference={half_signed.reference}" in told.email.body


def test_nobody_is_told_of_what_nobody_was_shown(convention, rectorat):
    convention.abandon(by=rectorat, comment="Doublon.")
    assert not convention.notifications.exists()


def test_it_stays_readable_and_closed(client, half_signed, rectorat, town_hall):
    half_signed.abandon(by=rectorat, comment="L'école X n'existe plus.")
    client.force_login(town_hall)
    page = client.get("/", follow=True).content.decode()
    assert "Elle ne vous a pas encore été envoyée" not in page
    assert "abandonnée" in page
    page = client.get(half_signed.get_absolute_url()).content.decode()
    assert "Ce dossier a été abandonné" in page
    assert "L&#x27;école X n&#x27;existe plus." in page
    assert "À imprimer et faire signer" not in page
    assert "Joindre une pièce" not in page
    year, code = half_signed.campaign.school_year, half_signed.collectivity.code
    for name in ("act", "dates", "signature", "piece", "message", "identity", "correction"):
        answer = client.get(reverse(f"convention_{name}", args=[year, code]))
        assert answer.status_code == 302, name
    assert reverse("piece", args=[half_signed.pieces.first().pk]) in page


def test_what_was_never_sent_stays_unseen(client, convention, rectorat, town_hall):
    convention.abandon(by=rectorat, comment="Doublon.")
    client.force_login(town_hall)
    assert client.get(convention.get_absolute_url()).status_code == 404
    assert "pas encore été envoyée" in client.get("/", follow=True).content.decode()


def test_another_file_takes_its_place_in_one_step(client, half_signed, rectorat, town_hall):
    schools = set(half_signed.enrolments.values_list("school", flat=True))
    client.force_login(rectorat)
    page = client.get(reverse("admin:conventions_convention_change", args=[half_signed.pk]))
    assert "Reprendre ce dossier" in page.content.decode()
    url = reverse("admin:conventions_convention_resume", args=[half_signed.pk])
    assert "sa propre référence" in client.get(url).content.decode()
    page = client.post(url, {"comment": "Adresse fausse."}, follow=True)
    following = Convention.objects.exclude(pk=half_signed.pk).get()
    assert f"Voici le dossier repris, à relire : {following}" in page.content.decode()
    half_signed.refresh_from_db()
    assert (half_signed.state, following.state) == (State.ABANDONED, State.PREPARED)
    assert following.reference == f"{half_signed.reference}-2"
    assert set(following.enrolments.values_list("school", flat=True)) == schools
    following.send(by=rectorat)
    client.force_login(town_hall)
    year, code = following.campaign.school_year, following.collectivity.code
    plain = client.get(reverse("convention", args=[year, code]))
    assert plain.context["convention"] == following
    assert client.get(half_signed.get_absolute_url()).context["convention"] == half_signed


def test_a_file_that_cannot_be_begun_again_is_not_given_up(half_signed, rectorat):
    school = half_signed.enrolments.first().school
    school.state = "closed"
    school.save()
    with pytest.raises(TransitionRefused, match="Cette école est fermée"):
        resume(half_signed, by=rectorat, comment="Erreur.")
    row = Convention.objects.get()
    assert row.state == State.SIGNED_BY_COLLECTIVITY
    assert row.enrolments.enrolled().count() == 2


def test_what_both_have_signed_is_not_begun_again(rectorat):
    with pytest.raises(TransitionRefused, match="signée par les deux parties"):
        resume(current_signed_convention(), by=rectorat, comment="Erreur.")


# --- Who did not act is told --------------------------------------------------
def test_what_an_agent_does_in_its_place_is_told_to_the_town_hall(convention, rectorat):
    convention.send(by=rectorat)
    convention.accept(by=rectorat)
    told = convention.notifications.get(kind=Kind.IN_YOUR_PLACE)
    assert told.side == "town_hall"
    assert "Renseignements confirmés par la collectivité" in told.email.body


def test_so_is_the_act_that_an_agent_records_its_text_and_its_dates(convention, rectorat):
    convention.send(by=None)
    convention.accept(by=None)
    record_act(convention, by=rectorat, kind="decision", number="1", dated_on=TODAY())
    adapt_act(
        convention,
        by=rectorat,
        adapted_text="",
        signatory="Lou GARCIA",
        signatory_capacity="L'adjointe",
        signatory_delegation="arrêté n° 1",
    )
    record_act_dates(convention, by=rectorat, deposited_on=TODAY())
    record_act_dates(convention, by=rectorat, deposited_on=TODAY())  # Nothing is said twice.
    told = convention.notifications.filter(kind=Kind.IN_YOUR_PLACE).order_by("pk")
    assert {row.side for row in told} == {"town_hall"}
    bodies = [row.email.body for row in told]
    said = ("Acte de la collectivité enregistré", "Acte adapté", "Dates de l’acte enregistrées")
    assert len(bodies) == 3
    assert all(words in body for words, body in zip(said, bodies, strict=True))


def test_so_are_the_papers_that_an_agent_adds_or_withdraws_with_the_reason(convention, rectorat):
    convention.send(by=None)
    hand_in(convention, {"convention_signed": SCAN, "act_signed": None}, by=rectorat)
    hand_in(convention, {"convention_signed": SCAN}, by=rectorat)  # Nothing is said twice.
    piece = convention.pieces.get(kind="convention_signed")
    withdraw(convention, piece, by=rectorat, reason="Une autre commune")
    told = convention.notifications.filter(kind=Kind.IN_YOUR_PLACE).order_by("pk")
    added, withdrawn = (row.email.body.replace("\u00a0", " ") for row in told)
    assert "Pièces jointes : convention signée (version 1)" in added
    assert "Pièce retirée : convention signée, version 1" in withdrawn
    assert "Motif : « Une autre commune »" in withdrawn.replace("\u202f", " ")


def test_so_is_the_draft_of_an_act_that_an_agent_gives_up_with_the_reason(convention, rectorat):
    convention.send(by=None)
    convention.accept(by=None)
    record_act(convention, by=None, kind="deliberation")
    with pytest.raises(TransitionRefused, match="motif"):
        drop_draft(convention, by=rectorat)
    drop_draft(convention, by=rectorat, reason="Faite par erreur")
    told = convention.notifications.get(kind=Kind.IN_YOUR_PLACE)
    assert "Faite par erreur" in told.email.body
    assert convention.journal.first().comment == "Faite par erreur"


def test_what_the_town_hall_does_itself_is_not_told_to_it(convention, town_hall):
    convention.send(by=None)
    convention.accept(by=town_hall)
    record_act(convention, by=town_hall, kind="deliberation")
    drop_draft(convention, by=town_hall)
    (piece,) = hand_in(convention, {"other": SCAN}, by=town_hall)
    withdraw(convention, piece, by=town_hall, reason="Mauvais fichier")
    assert not convention.notifications.filter(kind=Kind.IN_YOUR_PLACE).exists()


def test_the_act_of_an_avenant_is_told_as_such_and_so_is_its_end(rectorat):
    convention = current_signed_convention()
    amendment = prepare_amendment(convention, add=[SchoolFactory(payer=convention.collectivity)])
    amendment.send(by=rectorat)
    record_act(amendment, by=rectorat, kind="decision", number="A-1", dated_on=TODAY())
    told = convention.notifications.filter(kind=Kind.IN_YOUR_PLACE).latest("pk")
    assert "(avenant n° 1)" in told.email.body.replace("\u00a0", " ").replace("\u202f", " ")
    amendment.abandon(by=rectorat, comment="L'école n'ouvre pas.")
    told = convention.notifications.get(kind=Kind.AMENDMENT_ABANDONED)
    assert told.side == "town_hall"
    assert "L’école n’ouvre pas." in told.email.body


def test_an_avenant_that_was_never_sent_ends_in_silence(rectorat):
    convention = current_signed_convention()
    amendment = prepare_amendment(convention, add=[SchoolFactory(payer=convention.collectivity)])
    amendment.abandon(by=rectorat, comment="Erreur.")
    assert not convention.notifications.filter(kind=Kind.AMENDMENT_ABANDONED).exists()


def test_a_signature_is_told_to_who_did_not_record_it(convention, rectorat, town_hall):
    convention.send(by=rectorat)
    convention.accept(by=town_hall)
    assert not convention.notifications.filter(kind=Kind.IN_YOUR_PLACE).exists()
    record_act(convention, by=town_hall, kind="decision", number="1", dated_on=TODAY())
    print_quickly(convention)
    convention.sign_for_collectivity(by=rectorat, on=TODAY())
    told = convention.notifications.get(kind=Kind.SIGNED_BY_OTHER)
    assert told.side == "town_hall"
    assert "Le rectorat a enregistré que votre collectivité a signé" in told.email.body
    convention.sign_for_region(by=rectorat, on=TODAY())
    told = convention.notifications.filter(kind=Kind.SIGNED_BY_OTHER).first()
    assert told.side == "town_hall"
    assert "La région académique a signé la convention" in told.email.body


def test_what_a_town_hall_signs_is_told_to_the_rectorat(half_signed, convention, town_hall):
    told = convention.notifications.get(kind=Kind.SIGNED_BY_OTHER)
    assert told.side == "rectorat"
