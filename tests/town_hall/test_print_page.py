"""« Imprimer et signer » : what is still to be signed, and by whom; nothing that is not."""

import datetime

import pytest
from django.utils import timezone

from conventions.authority import record_act, record_act_dates
from conventions.models import Convention, Piece, attach
from documents.received.uploads import UploadedPdf
from lifecycle.errors import TransitionRefused
from tests.factories import GroupingFactory, print_quickly
from tests.town_hall.test_files import pdf, url

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@pytest.fixture
def printed(with_act):
    print_quickly(with_act)
    return with_act


def executory(convention, by):
    record_act_dates(convention, by=by, deposited_on=TODAY(), published_on=TODAY())


def page_of(mairie, convention):
    return mairie.get(url("convention_print", convention))


def kinds(page):
    return [piece.kind for piece in page.context["papers"]]


def test_a_deliberation_is_signed_by_the_secretary_of_its_sitting_too(mairie, accepted, town_hall):
    record_act(accepted, by=town_hall, kind="deliberation")
    assert "la ou le secrétaire de séance (article" in page_of(mairie, accepted).text
    record_act(accepted, by=town_hall, kind="deliberation", secretary="Claude ROUX")
    assert "et Claude ROUX, secrétaire de séance" in page_of(mairie, accepted).text


def test_a_decision_is_signed_by_the_representative_alone(mairie, printed):
    assert "secrétaire de séance" not in page_of(mairie, printed).text


def test_the_secretary_signs_with_the_president_of_a_syndicat(mairie, convention, town_hall):
    syndicat = GroupingFactory(members=[convention.collectivity.commune])
    convention.collectivity = syndicat
    convention.save()
    town_hall.collectivities.set([syndicat])
    convention.send(by=None)
    convention.accept(by=town_hall)
    html = mairie.get(url("convention_act", convention)).text
    assert "signe la délibération avec le président" in html
    assert "le maire" not in html


def test_before_the_act_the_convention_alone_is_shown(mairie, accepted):
    print_quickly(accepted)
    page = page_of(mairie, accepted)
    assert kinds(page) == [Piece.Kind.CONVENTION]
    assert "préparer l’acte" in page.text


def test_before_the_details_are_confirmed_it_leads_to_them(mairie, sent):
    page = page_of(mairie, sent)
    assert url("convention_identity", sent) in page.text
    assert url("convention_act", sent) not in page.text


def test_while_a_correction_is_awaited_it_leads_nowhere(mairie, sent, town_hall):
    sent.request_correction(by=town_hall, subject="schools", comment="Une école a fermé.")
    page = page_of(mairie, sent)
    assert url("convention_identity", sent) not in page.text
    assert "le rectorat vous répond d’abord" in page.text


def test_once_all_is_signed_nothing_is_to_be_printed(mairie, printed, town_hall):
    executory(printed, town_hall)
    printed.sign_for_collectivity(by=town_hall, on=TODAY())
    page = page_of(mairie, printed)
    assert kinds(page) == []
    assert "Tout est signé de votre côté" in page.text
    assert "Qui signe quoi" not in page.text


def test_a_file_given_up_asks_for_no_signature(mairie, printed, rectorat):
    printed.abandon(by=rectorat, comment="Erreur.")
    page = page_of(mairie, printed)
    assert kinds(page) == []
    assert "il n’y a plus rien à signer" in page.text
    assert "Transmettez" not in page.text


def test_a_paper_for_a_file_given_up_is_refused_before_it_is_asked_about(mairie, printed, rectorat):
    printed.abandon(by=rectorat, comment="Erreur.")
    answer = mairie.post(url("convention_receive", printed), {"file": pdf()})
    assert answer.status_code == 422
    assert "ne reçoit plus de papiers" in answer.json()["error"]


# --- An act withdrawn -------------------------------------------------------------
@pytest.fixture
def withdrawn(printed, town_hall):
    executory(printed, town_hall)
    record_act_dates(printed, by=town_hall, withdrawn_on=TODAY())
    return printed


def test_an_act_withdrawn_is_not_offered_to_be_signed(mairie, withdrawn):
    page = page_of(mairie, withdrawn)
    assert Piece.Kind.ACT not in kinds(page)
    assert "prendre un nouvel acte" in page.text
    file = mairie.get(withdrawn.get_absolute_url())
    assert Piece.Kind.ACT not in [piece.kind for piece in file.context["to_sign"]]
    assert "Acte retiré" in file.text


def test_nothing_is_printed_of_an_act_withdrawn(withdrawn):
    assert withdrawn.kinds_to_issue() == [Piece.Kind.CONVENTION]
    _, context = withdrawn.text_and_context(Piece.Kind.CONVENTION)
    assert context.authorised_by == ""


def test_steps_of_an_act_withdrawn_are_to_come(mairie, withdrawn):
    steps = {
        step.title: step for step in mairie.get(withdrawn.get_absolute_url()).context["file"].steps
    }
    assert steps["Déposer l'acte en préfecture et le publier"].status.name == "LATER"
    assert steps["Communiquer la décision au conseil"].status.name == "LATER"


def test_nothing_is_signed_by_virtue_of_an_act_withdrawn(withdrawn, town_hall):
    with pytest.raises(TransitionRefused, match="a été retiré le"):
        withdrawn.sign_for_collectivity(by=town_hall, on=TODAY())


def test_what_was_signed_before_the_act_was_withdrawn_may_still_be_recorded(printed, town_hall):
    before = TODAY() - datetime.timedelta(days=1)
    act = {"kind": "decision", "number": "2022D01", "dated_on": before}
    record_act(printed, by=town_hall, **act)
    record_act_dates(printed, by=town_hall, withdrawn_on=TODAY())
    copy = UploadedPdf(content=b"%PDF-1.7 signed", pages=1, name="copie.pdf")
    attach(printed, kind=Piece.Kind.CONVENTION_SIGNED, pdf=copy, by=town_hall)
    printed.sign_for_collectivity(by=town_hall, on=before)
    assert Convention.objects.get().collectivity_signed_on == before


# --- What is missing --------------------------------------------------------------
TO_PRODUCE = "ne faites rien signer avant de l’avoir produit"


def test_a_paper_that_is_not_for_signature_keeps_nobody_from_signing(mairie, printed, town_hall):
    executory(printed, town_hall)  # Its certificate could be made.
    assert printed.kinds_to_issue()[-1] == Piece.Kind.ACT_EXECUTORY
    assert TO_PRODUCE not in page_of(mairie, printed).text


def test_a_paper_to_sign_that_is_missing_is_asked_for(mairie, with_act):
    assert TO_PRODUCE in page_of(mairie, with_act).text


def test_a_paper_to_sign_that_is_outdated_is_asked_for(mairie, printed):
    printed.pieces.filter(kind=Piece.Kind.CONVENTION).update(outdated=True)
    page = page_of(mairie, printed)
    assert kinds(page) == [Piece.Kind.ACT]
    assert TO_PRODUCE in page.text
