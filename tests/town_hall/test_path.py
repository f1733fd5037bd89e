"""Verify, print, return: one page each, and what each keeps."""

import datetime
from base64 import b64decode
from io import BytesIO

import pypdfium2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from conventions.acts.sitting import Sitting
from conventions.authority import record_act
from conventions.lifecycle import State
from conventions.models import Convention, Piece, issue_documents
from documents.models import Document
from drafts.models import Draft
from tests.documents import papers
from tests.factories import CampaignFactory, ConventionFactory, UserFactory
from tests.town_hall.test_files import identity, pdf, url

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@pytest.fixture
def sent(convention, rectorat):
    convention.send(by=rectorat)
    return Convention.objects.with_parties().get()


@pytest.fixture
def mairie(client, town_hall):
    client.force_login(town_hall)
    return client


@pytest.fixture
def printed(sent, town_hall):
    """Confirmed, with the draft of a decision; both papers are there."""
    sent.accept(by=town_hall)
    record_act(sent, by=town_hall, kind="decision")
    issue_documents(sent, by=town_hall)
    return sent


# --- Verify -----------------------------------------------------------------
def test_details_and_act_are_confirmed_at_once_and_the_papers_come_next(mairie, sent):
    answer = mairie.post(url("convention_identity", sent), identity(sent, kind="decision"))
    assert answer.url == url("convention_print", sent)
    sent.refresh_from_db()
    assert (sent.state, sent.act.kind) == (State.ACCEPTED, "decision")
    page = mairie.get(answer.url).content.decode()
    for piece in sent.pieces.filter(kind__in=("act", "convention")):
        assert f"/pieces/{piece.pk}/" in page


def test_without_a_nature_the_details_alone_are_confirmed(mairie, sent):
    mairie.post(url("convention_identity", sent), identity(sent))
    sent.refresh_from_db()
    assert (sent.state, sent.act) == (State.ACCEPTED, None)


def test_a_fault_in_the_act_is_said_at_its_field_and_nothing_is_confirmed(mairie, sent):
    typed = identity(sent, kind="decision", number="2022D01")
    answer = mairie.post(url("convention_identity", sent), typed)
    assert answer.status_code == 422
    assert "dated_on" in answer.context["act_form"].errors
    sent.refresh_from_db()
    assert sent.state == State.SENT


def test_the_draft_is_shown_and_nothing_is_kept(mairie, sent):
    typed = identity(sent, kind="decision", preview="1", city="Ailleurs")
    answer = mairie.post(url("convention_identity", sent), typed)
    assert answer.content.startswith(b"%PDF")
    sent.refresh_from_db()
    assert sent.state == State.SENT
    assert sent.collectivity.city != "Ailleurs"


def words_of(answer):
    """The words of a PDF, in their order, whatever the lines."""
    document = pypdfium2.PdfDocument(answer.content)
    text = " ".join(page.get_textpage().get_text_bounded() for page in document)
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


SITTING = {
    "convened_on": "02/11/2026",
    "members": "15",
    "present": "11",
    "represented": "2",
    "absent": "2",
    "secretary": "Ludivine Sauvignon",
    "votes_for": "13",
}


def test_the_draft_says_the_sitting_that_was_typed(mairie, sent):
    typed = identity(sent, kind="deliberation", preview="act", **SITTING)
    text = words_of(mairie.post(url("convention_identity", sent), typed))
    assert "Ludivine Sauvignon" in text
    assert not Sitting.objects.exists()


def test_the_draft_says_the_details_that_were_typed_though_others_were_confirmed(
    mairie,
    sent,
    town_hall,
):
    sent.accept(by=town_hall)
    typed = identity(sent, preview="convention", city="Villeneuve-la-Neuve")
    text = words_of(mairie.post(url("convention_identity", sent), typed))
    assert "Villeneuve-la-Neuve" in text


def in_pictures(mairie, convention, **typed):
    answer = mairie.post(
        url("convention_identity", convention),
        identity(convention, **typed),
        headers={"accept": "application/json"},
    )
    assert answer.status_code == 200
    return answer.json()


def test_the_page_shows_the_act_or_the_convention_in_pictures(mairie, sent):
    act = in_pictures(mairie, sent, kind="decision", preview="act")
    assert (act["kind"], len(act["pages"])) == ("act", 1)
    convention = in_pictures(mairie, sent, kind="decision", preview="convention")
    assert convention["kind"] == "convention"
    for page in (*act["pages"], *convention["pages"]):
        picture = Image.open(BytesIO(b64decode(page.removeprefix("data:image/png;base64,"))))
        assert picture.height > picture.width > 800


def test_who_takes_a_pdf_alone_is_given_it(mairie, sent):
    answer = mairie.get(url("convention_preview", sent), headers={"accept": "application/pdf"})
    assert answer.content.startswith(b"%PDF")


def test_pictures_are_those_of_what_is_typed(mairie, sent):
    shown = [
        in_pictures(mairie, sent, kind="deliberation", preview="act", secretary=who)["pages"]
        for who in ("Ludivine Sauvignon", "Ludivine Sauvignon", "Hugo Vallon")
    ]
    assert shown[0] == shown[1] != shown[2]


def test_without_a_nature_the_convention_is_shown(mairie, sent):
    assert in_pictures(mairie, sent, preview="act")["kind"] == "convention"


def test_what_stands_in_the_way_of_pictures_is_said_and_nothing_is_kept(mairie, sent):
    answer = in_pictures(mairie, sent, kind="decision", preview="act", postcode="abc", number="1")
    assert "Code postal" in answer["said"]
    assert not Draft.objects.exists()


# --- What the nature of the act has no use for ---------------------------------
def test_a_sitting_that_is_wrong_stands_in_no_decisions_way(mairie, sent):
    typed = identity(sent, kind="decision", convened_on="jamais", members="-3")
    assert mairie.post(url("convention_identity", sent), typed).status_code == 302
    sent.refresh_from_db()
    assert (sent.act.kind, sent.act.sitting) == ("decision", None)


def test_a_delegation_that_is_wrong_stands_in_no_deliberations_way(mairie, sent):
    typed = identity(sent, kind="deliberation", delegation_item="x" * 500)
    assert mairie.post(url("convention_identity", sent), typed).status_code == 302
    sent.refresh_from_db()
    assert (sent.act.kind, sent.act.delegation_item) == ("deliberation", "")


def test_what_the_other_nature_would_need_comes_back_as_it_was_typed(mairie, sent):
    typed = identity(sent, kind="decision", secretary="Ludivine Sauvignon", postcode="abc")
    refused = mairie.post(url("convention_identity", sent), typed)
    assert 'value="Ludivine Sauvignon"' in refused.content.decode()


def test_an_act_without_its_nature_is_not_thrown_away_in_silence(mairie, sent):
    answer = mairie.post(url("convention_identity", sent), identity(sent, number="2022D01"))
    assert answer.status_code == 422
    assert "kind" in answer.context["act_form"].errors


def test_somebody_else_is_named_on_the_page_that_asks_since_when(mairie, sent):
    who = {"representative_first_name": "Inès", "representative_last_name": "Vidal"}
    refused = mairie.post(url("convention_identity", sent), identity(sent, **who))
    assert refused.status_code == 422
    page = refused.content.decode()
    assert 'name="representative_since"' in page
    assert "donnez le jour où elle est entrée en fonction" in page
    typed = identity(sent, **who, representative_since="2022-03-21")
    assert mairie.post(url("convention_identity", sent), typed).status_code == 302
    sent.refresh_from_db()
    assert sent.party.representative == "Inès Vidal"


def test_many_schools_are_folded(mairie, rectorat, town_hall):
    large = ConventionFactory(schools_count=45)
    large.send(by=rectorat)
    town_hall.collectivities.set([large.collectivity])
    page = mairie.get(url("convention_identity", large)).content.decode()
    assert '<details class="file-fold fr-mb-2w" >' in page


# --- From one year to the next ----------------------------------------------
@pytest.fixture
def next_year(printed, town_hall, rectorat):
    """A convention a year later, after an act with a deputy, a delegation and an executor."""
    act = printed.act
    act.executor, act.delegation_item = "Madame la Directrice générale", "26°"
    act.signatory, act.signatory_capacity = "Claude Roux", "L'adjoint délégué"
    act.signatory_delegation = "arrêté n° 4"
    act.save()
    other = ConventionFactory(
        campaign=CampaignFactory(start_year=2023), collectivity=printed.collectivity
    )
    other.send(by=rectorat)
    return Convention.objects.with_parties().get(pk=other.pk)


def test_the_act_begins_as_the_last_one(mairie, next_year):
    form = mairie.get(url("convention_identity", next_year)).context["act_form"]
    assert form["kind"].value() == "decision"
    assert form["executor"].value() == "Madame la Directrice générale"
    assert form["delegation_item"].value() == "26°"
    mairie.post(url("convention_identity", next_year), identity(next_year, kind="decision"))
    next_year.refresh_from_db()
    assert next_year.act.signatory == "Claude Roux"


def test_the_draft_says_who_signs_by_delegation_as_last_year(mairie, next_year):
    typed = identity(next_year, kind="decision", preview="act")
    text = words_of(mairie.post(url("convention_identity", next_year), typed))
    assert "Claude Roux".upper() in text.upper()


def test_a_delegation_is_not_taken_over_once_the_mayor_has_changed(mairie, next_year):
    collectivity = next_year.collectivity
    collectivity.representative_last_name = "NOUVELLE"
    collectivity.save()
    form = mairie.get(url("convention_identity", next_year)).context["act_form"]
    assert form["kind"].value() == "decision"
    assert form["delegation_item"].value() == ""
    mairie.post(url("convention_identity", next_year), identity(next_year, kind="decision"))
    next_year.refresh_from_db()
    assert next_year.act.signatory == ""


# --- Return -----------------------------------------------------------------
def test_papers_and_dates_are_given_together(mairie, printed):
    today = TODAY().isoformat()
    answer = mairie.post(
        url("convention_return", printed),
        {
            "version": printed.version,
            "number": "2022D01",
            "convention_signed": pdf(),
            "act_signed": pdf(),
            **dict.fromkeys(("dated_on", "on", "deposited_on", "published_on"), today),
        },
    )
    assert answer.url == printed.get_absolute_url()
    printed.refresh_from_db()
    assert printed.state == State.SIGNED_BY_COLLECTIVITY
    assert printed.act.executory_on == TODAY()
    assert printed.act.publication_mode == printed.collectivity.publicity_mode
    assert printed.pieces.filter(kind__in=("act_signed", "convention_signed")).count() == 2


def test_what_an_agent_gives_in_its_place_is_told_to_the_town_hall_by_one_email(
    client, rectorat, printed
):
    client.force_login(rectorat)
    today = TODAY().isoformat()
    before = printed.notifications.count()
    values = {"version": printed.version, "number": "2022D01", "convention_signed": pdf()}
    dates = dict.fromkeys(("dated_on", "on", "deposited_on"), today)
    assert client.post(url("convention_return", printed), values | dates).status_code == 302
    assert printed.notifications.count() == before + 1
    told = printed.notifications.latest("pk")
    assert (told.kind, told.side) == ("in_your_place", "town_hall")
    body = told.email.body.replace("\u00a0", " ")
    said = ("Acte", "Pièces jointes : convention signée", "Dates", "Signature de la convention, le")
    assert all(words in body for words in said), body


def test_so_are_the_details_and_the_act_that_an_agent_confirms(client, rectorat, sent):
    client.force_login(rectorat)
    before = sent.notifications.count()
    answer = client.post(url("convention_identity", sent), identity(sent, kind="decision"))
    assert answer.url == url("convention_print", sent)
    assert sent.notifications.count() == before + 1
    assert sent.notifications.latest("pk").kind == "in_your_place"


def test_a_signature_alone_is_told_as_one_though_an_agent_gives_it(client, rectorat, printed):
    record_act(printed, by=None, kind="decision", number="1", dated_on=TODAY())
    client.force_login(rectorat)
    values = {"version": printed.version, "on": TODAY().isoformat()}
    assert client.post(url("convention_return", printed), values).status_code == 302
    assert printed.notifications.latest("pk").kind == "signed_by_other"


def test_what_is_refused_is_told_to_nobody(client, rectorat, printed):
    client.force_login(rectorat)
    before = printed.notifications.count()
    day = (TODAY() - datetime.timedelta(days=1)).isoformat()
    values = {"version": printed.version, "number": "1", "dated_on": TODAY().isoformat(), "on": day}
    assert client.post(url("convention_return", printed), values).status_code == 422
    assert printed.notifications.count() == before


def test_a_refused_date_undoes_the_rest_and_is_said_at_its_field(mairie, printed):
    before = (TODAY() - datetime.timedelta(days=1)).isoformat()
    answer = mairie.post(
        url("convention_return", printed),
        {
            "version": printed.version,
            "number": "2022D01",
            "dated_on": TODAY().isoformat(),
            "on": before,
        },
    )
    assert answer.status_code == 422
    assert "on" in answer.context["form"].errors
    printed.refresh_from_db()
    assert not printed.act.is_adopted


def test_nothing_given_is_said(mairie, printed):
    answer = mairie.post(url("convention_return", printed), {"version": printed.version})
    assert "déposez un papier signé" in answer.context["form"].non_field_errors()[0]


def scan_of(piece):
    content = papers.pile(papers.sheet(piece.document.reference))
    return SimpleUploadedFile("scan.pdf", content, "application/pdf")


def test_a_scan_is_recognised_by_its_code_and_kept_at_once(mairie, printed):
    piece = printed.pieces.get(kind=Piece.Kind.CONVENTION)
    answer = mairie.post(url("convention_receive", printed), {"file": scan_of(piece)})
    assert answer.json()["label"] == "Convention signée"
    assert printed.pieces.filter(kind=Piece.Kind.CONVENTION_SIGNED).exists()
    printed.refresh_from_db()
    assert answer.json()["version"] == printed.version


def test_no_file_at_all_is_an_error(mairie, printed):
    answer = mairie.post(url("convention_receive", printed))
    assert (answer.status_code, answer.json()["error"]) == (422, "Choisissez un fichier.")


def test_what_is_not_recognised_is_asked_then_kept_as_told(mairie, printed):
    before = Document.objects.count()
    answer = mairie.post(url("convention_receive", printed), {"file": pdf()})
    assert [kind for kind, _ in answer.json()["ask"]][:2] == ["act_signed", "convention_signed"]
    assert Document.objects.count() == before
    mairie.post(url("convention_receive", printed), {"file": pdf(), "kind": "act_signed"})
    assert printed.pieces.filter(kind="act_signed").exists()


def test_the_paper_of_another_file_is_not_recognised(mairie, printed, rectorat):
    other = ConventionFactory()
    other.send(by=rectorat)
    stranger = UserFactory(collectivities=[other.collectivity])
    other.accept(by=stranger)
    issue_documents(other, by=stranger)
    scan = scan_of(other.pieces.get(kind=Piece.Kind.CONVENTION))
    answer = mairie.post(url("convention_receive", printed), {"file": scan})
    assert "ask" in answer.json()


# --- Words ------------------------------------------------------------------
def test_each_role_reads_the_state_in_its_own_words(client, sent, town_hall, finance):
    client.force_login(town_hall)
    assert "à vérifier" in client.get(sent.get_absolute_url()).content.decode()
    client.force_login(finance)
    assert ">envoyée<" in client.get(sent.get_absolute_url()).content.decode()


def test_the_page_and_the_list_say_whom_to_call_and_until_when(mairie, sent):
    sent.campaign.reply_by = datetime.date(2026, 12, 15)
    sent.campaign.save()
    page = mairie.get(sent.get_absolute_url()).content.decode()
    assert 'href="tel:0467910000"' in page
    assert "15 décembre 2026" in mairie.get("/conventions/").content.decode()
