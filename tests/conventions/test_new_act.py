"""An act withdrawn is taken anew, whatever was signed since; a number is one act's a year."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from conventions.acts.models import Act
from conventions.authority import can_adapt_act, can_record_act, record_act, record_act_dates
from conventions.dossiers import progress, reminders
from conventions.dossiers.timeline import summary_of
from conventions.lifecycle import State
from conventions.models import Convention, Piece, attach, issue_documents, latest_piece
from documents.received.uploads import UploadedPdf
from lifecycle.errors import TransitionRefused
from tests.factories import (
    CampaignFactory,
    ConventionFactory,
    SchoolFactory,
    UserFactory,
    current_signed_convention,
    prepare_amendment,
    print_quickly,
)

pytestmark = pytest.mark.django_db

SIGNED_ON = datetime.date(2022, 10, 10)
WITHDRAWN_ON = datetime.date(2022, 11, 2)
NEW_ACT = {"kind": "deliberation", "number": "2022DEL118", "dated_on": datetime.date(2022, 11, 14)}


def receive(convention, kind):
    count = convention.pieces.count()  # Not the same file again
    scan = UploadedPdf(content=f"%PDF-1.7 {kind} {count}".encode(), pages=1, name="copie.pdf")
    return attach(convention, kind=kind, pdf=scan, by=None)


def status_of(convention, title):
    convention = Convention.objects.with_parties().get(pk=convention.pk)
    return next(step.status for step in progress.steps(convention) if title in step.title)


@pytest.fixture
def printed(convention):
    """Its documents issued before anybody signed; its year is not over."""
    convention.campaign.ends_on = timezone.localdate() + datetime.timedelta(days=90)
    convention.campaign.save()
    convention.send(by=None, on=SIGNED_ON)
    convention.accept(by=None, on=SIGNED_ON)
    record_act(convention, by=None, kind="decision", number="2022D01", dated_on=SIGNED_ON)
    issue_documents(convention, by=None)
    return convention


@pytest.fixture
def withdrawn(printed):
    """Signed by both, its act deposited, published and handed back signed, then withdrawn."""
    printed.sign_for_collectivity(by=None, on=SIGNED_ON)
    printed.sign_for_region(by=None, on=SIGNED_ON)
    for kind in (Piece.Kind.ACT_SIGNED, Piece.Kind.CONVENTION_SIGNED):
        receive(printed, kind)
    done = dict.fromkeys(("deposited_on", "published_on", "reported_on"), SIGNED_ON)
    record_act_dates(printed, by=None, **done)
    issue_documents(printed, by=None)
    record_act_dates(printed, by=None, withdrawn_on=WITHDRAWN_ON)
    return printed


@pytest.fixture
def replaced(withdrawn):
    record_act(withdrawn, by=None, **NEW_ACT)
    return withdrawn


# --- Taken anew -------------------------------------------------------------
def test_it_is_another_row_and_the_one_withdrawn_keeps_what_happened_to_it(withdrawn):
    before = Act.objects.values().get()
    record_act(withdrawn, by=None, **NEW_ACT)
    withdrawn.refresh_from_db()
    assert (withdrawn.act.number, withdrawn.act.replaces_id) == ("2022DEL118", before["id"])
    assert withdrawn.act.executory_on is None
    assert Act.objects.values().get(pk=before["id"]) == before
    assert summary_of(withdrawn.journal.first()) == (
        "Acte de la collectivité enregistré, à la place de : décision n° 2022D01"
    )


def test_an_act_that_stands_is_not_replaced_once_the_collectivity_has_signed(printed):
    printed.sign_for_collectivity(by=None, on=SIGNED_ON)
    assert not can_record_act(printed)
    with pytest.raises(TransitionRefused, match="ne change plus"):
        record_act(printed, by=None, **NEW_ACT)


def test_before_any_signature_too_a_withdrawn_act_is_replaced_and_not_rewritten(printed):
    record_act_dates(printed, by=None, withdrawn_on=WITHDRAWN_ON)
    record_act(printed, by=None, **NEW_ACT)
    assert [act.number for act in Act.objects.order_by("pk")] == ["2022D01", "2022DEL118"]


def test_it_is_corrected_until_it_is_deposited_or_published(replaced):
    record_act(replaced, by=None, **NEW_ACT | {"number": "2022DEL119"})
    assert replaced.act.number == "2022DEL119"
    assert Act.objects.count() == 2
    record_act_dates(replaced, by=None, published_on=datetime.date(2022, 11, 20))
    with pytest.raises(TransitionRefused, match="ne change plus"):
        record_act(replaced, by=None, **NEW_ACT)


def test_an_abandoned_file_takes_no_new_act(printed):
    record_act_dates(printed, by=None, withdrawn_on=WITHDRAWN_ON)
    printed.abandon(by=None, comment="Erreur")
    with pytest.raises(TransitionRefused):
        record_act(printed, by=None, **NEW_ACT)


# --- Printed, and its copies ------------------------------------------------
def test_it_is_printed_although_the_old_one_came_back_signed(replaced):
    (piece,) = issue_documents(replaced, by=None)
    assert (piece.kind, piece.version) == (Piece.Kind.ACT, 2)
    assert piece.document.context["number"] == "2022DEL118"
    assert issue_documents(replaced, by=None) == []


def test_the_signed_copy_of_the_old_act_does_not_count(replaced):
    assert can_adapt_act(replaced)
    assert status_of(replaced, "copies signées") == progress.Status.LATER
    issue_documents(replaced, by=None)
    receive(replaced, Piece.Kind.ACT_SIGNED)
    assert not can_adapt_act(replaced)
    assert status_of(replaced, "copies signées") == progress.Status.DONE
    assert issue_documents(replaced, by=None) == []


def test_its_executory_mention_is_printed_in_its_turn(replaced):
    issue_documents(replaced, by=None)
    day = datetime.date(2022, 11, 20)
    record_act_dates(replaced, by=None, deposited_on=day, published_on=day)
    issue_documents(replaced, by=None)
    executory = latest_piece(replaced, Piece.Kind.ACT_EXECUTORY)
    assert (executory.version, executory.document.context["number"]) == (2, "2022DEL118")
    assert issue_documents(replaced, by=None) == []


def test_the_town_hall_is_asked_for_it_and_enters_it_on_its_page(client, withdrawn, town_hall):
    assert status_of(withdrawn, "Préparer l'acte") == progress.Status.TODO
    assert reminders.waits_for_town_hall(withdrawn)
    client.force_login(town_hall)
    address = reverse(
        "convention_act", args=[withdrawn.campaign.school_year, withdrawn.collectivity.code]
    )
    assert "Prendre un nouvel acte" in client.get(withdrawn.get_absolute_url()).content.decode()
    response = client.post(address, {"version": withdrawn.version, **NEW_ACT}, follow=True)
    assert "Les PDF sont prêts." in response.content.decode()
    withdrawn.refresh_from_db()
    assert withdrawn.state == State.SIGNED
    assert latest_piece(withdrawn, Piece.Kind.ACT).document.context["number"] == "2022DEL118"


def test_the_act_of_an_avenant_is_taken_anew_as_well(client):
    convention = current_signed_convention()
    school = SchoolFactory(payer=convention.collectivity)
    amendment = prepare_amendment(convention, add=[school])
    amendment.send(by=None)
    on = amendment.sent_on
    record_act(amendment, by=None, kind="decision", number="A-1", dated_on=on)
    print_quickly(amendment)
    amendment.sign_for_collectivity(by=None, on=on)
    amendment.sign_for_region(by=None, on=on)
    record_act_dates(amendment, by=None, withdrawn_on=on)
    client.force_login(UserFactory(collectivities=[convention.collectivity]))
    page = client.get(convention.get_absolute_url()).content.decode()
    assert f"A-1 du {on:%d/%m/%Y}, retiré le {on:%d/%m/%Y}" in page
    assert "Prendre un nouvel acte pour cet avenant" in page
    record_act(amendment, by=None, kind="decision", number="A-2", dated_on=on)
    (piece,) = issue_documents(amendment, by=None)
    assert (piece.kind, piece.part) == (Piece.Kind.AMENDMENT_ACT, "A1")
    assert piece.document.context["number"] == "A-2"


# --- Numbers ----------------------------------------------------------------
@pytest.fixture
def another(printed):
    """Another file of the same collectivity, confirmed."""
    convention = ConventionFactory(
        campaign=CampaignFactory(start_year=2023), collectivity=printed.collectivity
    )
    convention.send(by=None)
    convention.accept(by=None)
    return convention


def taken(convention, **values):
    values = {"kind": "decision", "number": "2022D01", "dated_on": SIGNED_ON} | values
    with pytest.raises(ValidationError) as refusal:
        record_act(convention, by=None, **values)
    return refusal.value.message_dict["number"]


def test_a_number_is_of_one_act_a_year_and_the_refusal_names_it(printed, another):
    assert taken(another) == [
        "Ce numéro est déjà celui d'un autre acte de la collectivité : "
        "décision n° 2022D01 du 10/10/2022."
    ]
    later = SIGNED_ON.replace(year=2023)
    record_act(another, by=None, kind="decision", number="2022D01", dated_on=later)


def test_the_number_of_an_act_withdrawn_stays_its_own(withdrawn):
    assert taken(withdrawn, dated_on=NEW_ACT["dated_on"])


def test_two_collectivities_number_their_acts_each_for_itself(printed):
    other = ConventionFactory(campaign=printed.campaign)
    other.send(by=None)
    other.accept(by=None)
    record_act(other, by=None, kind="decision", number="2022D01", dated_on=SIGNED_ON)


def test_a_number_is_free_again_once_its_file_is_given_up(printed, another):
    printed.abandon(by=None, comment="Erreur")
    record_act(another, by=None, kind="decision", number="2022D01", dated_on=SIGNED_ON)
    assert another.act.number == "2022D01"


def test_the_number_of_an_avenants_act_is_free_again_once_it_is_given_up():
    convention = current_signed_convention()
    school = SchoolFactory(payer=convention.collectivity)
    for _ in range(2):
        amendment = prepare_amendment(convention, add=[school])
        amendment.send(by=None)
        day = amendment.sent_on
        record_act(amendment, by=None, kind="decision", number="A-1", dated_on=day)
        amendment.abandon(by=None, comment="Erreur")


def test_the_database_refuses_a_number_twice(printed):
    again = {"kind": "decision", "number": "2022D01", "dated_on": datetime.date(2022, 12, 1)}
    again["state"] = "adopted"
    with pytest.raises(IntegrityError), transaction.atomic():
        Act.objects.create(collectivity=printed.collectivity, **again)
    Act.objects.create(collectivity=printed.collectivity, is_released=True, **again)
