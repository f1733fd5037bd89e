"""Nothing typed is lost: a session that ends, an error in another field, a closed browser."""

import re
from html import unescape

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from conventions.models import Convention, Piece
from drafts.models import KEPT_FOR, Draft, DraftFile, draft_storage
from drafts.seal import seal
from drafts.tasks import forget_old
from tests.access import SignedInClient
from tests.factories import UserFactory
from tests.town_hall.test_files import pdf, url

pytestmark = pytest.mark.django_db

WORDS = "L'école Jules-Ferry a fermé en juillet ; voici l'arrêté."


@pytest.fixture
def page(sent):
    return url("convention_correction", sent)


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """Context in which what waits for a commit is done: files that are deleted."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def shown(client, page):
    return client.get(page).content.decode()


def hidden(html, name):
    return re.search(rf'name="{name}"\s+value="([^"]+)"', html).group(1)


def typed(html, **values):
    """What a browser would send of the form, with what a person typed."""
    version = hidden(html, "version")
    return {"version": version, "draft_seal": hidden(html, "draft_seal"), **values}


# --- A session that ends -----------------------------------------------------
def test_what_was_typed_when_the_session_had_ended_comes_back_and_nothing_was_sent(
    mairie,
    town_hall,
    page,
):
    values = typed(shown(mairie, page), subject="schools", comment=WORDS)
    Session.objects.all().delete()
    answer = mairie.post(page, values, follow=True)
    assert "Votre session avait pris fin" in answer.content.decode()
    mairie.force_login(town_hall)
    html = shown(mairie, page)
    assert "L&#x27;école Jules-Ferry a fermé en juillet" in html
    assert "Voici ce que vous aviez saisi" in html
    assert re.search(r'value="schools"[^>]*checked', html)
    assert Convention.objects.get().state == "sent"


def test_it_comes_back_to_nobody_else(mairie, town_hall, page):
    values = typed(shown(mairie, page), subject="schools", comment=WORDS)
    Session.objects.all().delete()
    mairie.post(page, values)
    colleague = UserFactory(role="town_hall", collectivities=town_hall.collectivities.all())
    mairie.force_login(colleague)
    assert "Jules-Ferry" not in shown(mairie, page)


@pytest.mark.parametrize("forged", ["", "no seal at all", "elsewhere"])
def test_a_passer_by_leaves_nothing_in_the_name_of_another(client, town_hall, page, forged):
    sealed = seal(town_hall.pk, "/another/page/") if forged == "elsewhere" else forged
    client.post(page, {"draft_seal": sealed, "comment": WORDS})
    assert not Draft.objects.exists()


def test_a_form_of_another_sign_in_is_shown_again_as_it_was_typed(town_hall, page):
    browser = SignedInClient(enforce_csrf_checks=True)
    browser.force_login(town_hall)
    values = typed(shown(browser, page), subject="schools", comment=WORDS)
    # Signed out and in again in a second tab: the first one's token is worth nothing.
    browser.force_login(town_hall)
    answer = browser.post(page, {**values, "csrfmiddlewaretoken": "x" * 64}, follow=True)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "La page datait d&#x27;une autre connexion" in html
    assert "Jules-Ferry" in html
    assert Convention.objects.get().state == "sent"


def test_a_file_chosen_when_the_session_had_ended_is_kept_once_it_was_checked(
    mairie,
    town_hall,
    sent,
):
    page = url("convention_piece", sent)
    values = typed(shown(mairie, page), kind="other")
    Session.objects.all().delete()
    mairie.post(page, {**values, "file": pdf("statuts.pdf")})
    assert [file.name for file in DraftFile.objects.all()] == ["statuts.pdf"]
    hostile = SimpleUploadedFile("virus.pdf", b"MZ not a PDF", "application/pdf")
    mairie.post(page, {**values, "file": hostile})
    assert [file.name for file in DraftFile.objects.all()] == ["statuts.pdf"]
    mairie.force_login(town_hall)
    assert "statuts.pdf" in shown(mairie, page)


# --- An error in another field -------------------------------------------------
def test_an_error_elsewhere_keeps_the_file_which_is_sent_with_the_next_try(
    mairie,
    sent,
    committed,
):
    page = url("convention_piece", sent)
    refused = mairie.post(page, {"version": sent.version, "kind": "", "file": pdf("plan.pdf")})
    html = refused.content.decode()
    assert refused.status_code == 422
    assert "plan.pdf" in html
    assert "à choisir de nouveau" not in html
    with committed():
        mairie.post(page, {"version": sent.version, "kind": "other"})
    piece = Piece.objects.get(kind="other")
    assert piece.document.original_name == "plan.pdf"
    assert not Draft.objects.exists()
    assert not draft_storage().listdir("drafts")[1]


def test_a_kept_file_that_the_storage_lost_is_asked_for_again_at_its_field(mairie, sent):
    page = url("convention_return", sent)
    sent.accept(by=None)
    values = {"version": sent.version, "on": "2020-01-01"}
    mairie.post(
        page, {**values, "convention_signed": pdf("perdue.pdf"), "act_signed": pdf("a.pdf")}
    )
    draft_storage().delete(DraftFile.objects.get(name="perdue.pdf").file.name)
    refused = mairie.post(page, values)
    errors = refused.context["form"].errors
    assert refused.status_code == 422
    assert "« perdue.pdf » n'est plus gardé" in errors["convention_signed"][0]
    assert "on" in errors
    # The rest is kept, and named.
    assert [file.name for file in DraftFile.objects.all()] == ["a.pdf"]
    assert mairie.post(page, {**values, "on": "", "convention_signed": pdf()}).status_code == 302
    assert sent.pieces.filter(kind__in=("act_signed", "convention_signed")).count() == 2


def test_another_choice_replaces_the_kept_file_and_a_tick_gives_it_up(
    mairie,
    sent,
    committed,
):
    page = url("convention_piece", sent)
    values = {"version": sent.version, "kind": ""}
    mairie.post(page, {**values, "file": pdf("un.pdf")})
    with committed():
        mairie.post(page, {**values, "file": pdf("deux.pdf")})
    assert [file.name for file in DraftFile.objects.all()] == ["deux.pdf"]
    with committed():
        refused = mairie.post(page, {**values, "kind": "other", "file-forget": "1"})
    assert refused.status_code == 422
    assert not DraftFile.objects.exists()
    assert not draft_storage().listdir("drafts")[1]


def test_a_file_that_is_refused_is_not_kept(mairie, sent):
    page = url("convention_piece", sent)
    broken = SimpleUploadedFile("lettre.docx", b"PK nothing", "application/msword")
    html = mairie.post(page, {"version": sent.version, "kind": "other", "file": broken})
    assert "n&#x27;est ni un PDF" in html.content.decode()
    assert not DraftFile.objects.exists()


# --- A closed browser -----------------------------------------------------------
def test_a_draft_asked_for_is_kept_without_being_checked_or_sent(mairie, page, sent):
    values = {"version": sent.version, "comment": WORDS, "keep_draft": "1"}
    html = mairie.post(page, values, follow=True).content.decode()
    assert "Brouillon gardé" in html
    assert "Jules-Ferry" in html
    assert Convention.objects.get().state == "sent"


def test_a_draft_that_leaves_a_file_out_says_so_at_its_field_and_keeps_the_rest(
    mairie, page, sent, settings
):
    settings.CLAMAV_SOCKET = "tcp://127.0.0.1:1"  # Nobody answers there.
    values = {"version": sent.version, "comment": WORDS, "keep_draft": "1"}
    answer = mairie.post(page, {**values, "attachment": pdf("arrete.pdf")})
    field = unescape(str(answer.context["form"]["attachment"]))
    assert "n'a pas pu examiner « arrete.pdf » : il n'est pas gardé" in field
    assert answer.status_code == 422
    assert "voyez son champ" in answer.text
    assert not answer.context["form"].errors
    assert not DraftFile.objects.exists()
    html = shown(mairie, page)
    assert "Jules-Ferry" in html
    assert "pas pu examiner" not in html


def test_a_file_left_out_of_what_a_session_that_ended_leaves_is_told(mairie, page, settings):
    values = typed(shown(mairie, page), comment=WORDS, attachment=pdf("arrete.pdf"))
    settings.CLAMAV_SOCKET = "tcp://127.0.0.1:1"
    Session.objects.all().delete()
    assert "arrete.pdf" in mairie.post(page, values, follow=True).text


def test_the_page_itself_is_told_in_one_line_that_the_draft_is_kept(mairie, page):
    values = {"comment": WORDS, "keep_draft": "1"}
    answer = mairie.post(page, values, headers={"accept": "application/json"})
    assert answer.json()["said"].startswith("Brouillon gardé à ")


def test_what_was_sent_is_a_draft_no_more(mairie, page, sent):
    values = {"version": sent.version, "subject": "schools", "comment": WORDS}
    mairie.post(page, {**values, "keep_draft": "1"})
    mairie.post(page, values)
    assert Convention.objects.get().state == "correction_requested"
    assert not Draft.objects.exists()


def test_a_draft_can_be_thrown_away(mairie, page):
    mairie.post(page, {"comment": WORDS, "keep_draft": "1"})
    mairie.post(page, {"discard_draft": "1"})
    assert "Jules-Ferry" not in shown(mairie, page)
    assert not Draft.objects.exists()


def test_drafts_are_forgotten_in_time_with_their_files(
    mairie,
    sent,
    committed,
):
    page = url("convention_piece", sent)
    mairie.post(page, {"version": sent.version, "kind": "", "file": pdf("plan.pdf")})
    Draft.objects.update(kept_at=timezone.now() - KEPT_FOR)
    assert "plan.pdf" not in shown(mairie, page)
    with committed():
        forget_old()
    assert not Draft.objects.exists()
    assert not draft_storage().listdir("drafts")[1]


def test_neither_secrets_nor_tokens_nor_signs_that_no_database_takes_are_kept(
    mairie,
    town_hall,
    page,
):
    sent_values = {"comment": "a\0b", "password": "x", "new_password2": "y", "keep_draft": "1"}
    mairie.post(page, {**sent_values, "csrfmiddlewaretoken": "z"})
    assert Draft.objects.get().typed == {"comment": ["ab"]}
    assert Draft.objects.get().owner == town_hall
