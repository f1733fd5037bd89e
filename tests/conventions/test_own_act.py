"""The commune's act is the commune's: its text, its head, who signs. The convention is not."""

import datetime
import io

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from PIL import Image

from conventions.acts.models import Act
from conventions.authority import adapt_act, can_adapt_act, record_act, record_act_dates
from conventions.dossiers.timeline import timeline
from conventions.models import attach, issue_documents, latest_piece
from documents.models import Document, TextModel
from documents.received.uploads import UploadedPdf
from documents.wording.texts import load_texts
from lifecycle.errors import TransitionRefused
from tests.factories import (
    CampaignFactory,
    ConventionFactory,
    UserFactory,
    current_signed_convention,
    prepare_amendment,
)

pytestmark = pytest.mark.django_db
DAY = datetime.date(2022, 10, 10)
DEPUTY = {
    "signatory": "Claude ROUX",
    "signatory_capacity": "L'adjointe déléguée aux affaires scolaires",
    "signatory_delegation": "arrêté n° 2020-14 du 10 juillet 2020",
}
NOTHING = dict.fromkeys(("letterhead", *DEPUTY), "")


@pytest.fixture
def convention(db):
    """Accepted, its act recorded and printed from the shipped texts."""
    texts = load_texts()
    campaign = CampaignFactory(
        **{f"{kind}_text": texts[kind] for kind in ("decision", "deliberation", "convention")}
    )
    convention = ConventionFactory(campaign=campaign)
    convention.send(by=None, on=DAY)
    convention.accept(by=None, on=DAY)
    record_act(convention, by=None, kind="decision", number="2022DECAD076", dated_on=DAY)
    issue_documents(convention, by=None)
    return convention


@pytest.fixture
def model(convention):
    return convention.campaign.decision_text.body


@pytest.fixture
def adapted(model):
    return model.replace("## Décide", "Vu l'avis de la commission des écoles ;\n\n## Décide")


@pytest.fixture
def mairie(client, town_hall):
    client.force_login(town_hall)
    return client


def page(convention):
    return reverse("own_act", args=[convention.campaign.school_year, convention.collectivity.code])


def logo(colour="navy", mode="RGB", kind="PNG"):
    encoded = io.BytesIO()
    Image.new(mode, (400, 100), colour).save(encoded, kind)
    return SimpleUploadedFile(f"logo.{kind.lower()}", encoded.getvalue())


def typed(convention, text, **changes):
    return {
        "version": convention.version,
        "signer": "representative",
        "adapted_text": text,
        **changes,
    }


# --- The verb -----------------------------------------------------------------
def test_an_adapted_act_is_printed_as_a_new_version_and_frozen_with_its_text(
    convention, town_hall, adapted
):
    adapt_act(convention, by=town_hall, adapted_text=adapted, **NOTHING | DEPUTY)
    (piece,) = issue_documents(convention, by=town_hall)
    assert (piece.kind, piece.version) == ("act", 2)
    assert piece.document.text_model == convention.campaign.decision_text
    assert piece.document.context["adapted_text"] == adapted
    assert piece.document.context["signatory"] == "Claude ROUX"
    assert issue_documents(convention, by=town_hall) == []


def test_the_journal_says_what_was_adapted_and_by_whom(convention, town_hall, adapted):
    adapt_act(convention, by=town_hall, adapted_text=adapted, **NOTHING | DEPUTY)
    entry = convention.journal.first()
    assert (entry.verb, entry.by) == ("adapt_act", town_hall)
    (line,) = timeline([entry])
    changes = [str(change) for change in line.changes]
    assert any(
        change.startswith("Texte de l'acte : celui du modèle → adapté, ") for change in changes
    )
    assert "Nom du signataire : — → Claude ROUX" in changes
    # The text itself is in the documents: the journal stays short.
    assert max(map(len, changes)) < 150


def test_the_model_s_own_text_and_nothing_at_all_are_the_model(convention, model, adapted):
    for text in (model, model.replace("\n", "\r\n"), "", " \n"):
        adapt_act(convention, by=None, adapted_text=adapted, **NOTHING)
        adapt_act(convention, by=None, adapted_text=text, **NOTHING)
        assert convention.act.adapted_text == ""
    assert issue_documents(convention, by=None) == []


def test_the_same_rules_hold_as_for_a_model(convention, model):
    text = model.replace("{{ montant }}", "{{ montan }} **").replace("## Décide", "")
    with pytest.raises(ValidationError) as refusal:
        adapt_act(convention, by=None, adapted_text=text, **NOTHING)
    faults = refusal.value.message_dict["adapted_text"]
    assert any("Vouliez-vous dire {{ montant }}" in fault for fault in faults)
    assert any("« Décide »" in fault for fault in faults)
    convention.act.refresh_from_db()
    assert convention.act.adapted_text == ""


def test_a_text_too_long_for_an_act_is_refused_at_its_place(mairie, convention, model):
    long = model + "\n" + "Considérant ce qui suit.\n\n" * 3000
    response = mairie.post(page(convention), typed(convention, long))
    (error,) = response.context["form"].errors["adapted_text"]
    assert "raccourcissez-le, ou déposez votre acte" in error
    assert len(long) > 60_000
    with pytest.raises(ValidationError):
        adapt_act(convention, by=None, adapted_text=long, **NOTHING)
    assert not Act.objects.get().adapted_text


def test_nothing_is_adapted_once_the_collectivity_has_signed(convention, adapted):
    convention.sign_for_collectivity(by=None, on=DAY)
    with pytest.raises(TransitionRefused):
        adapt_act(convention, by=None, adapted_text=adapted, **NOTHING)


def test_nothing_is_adapted_once_the_act_is_deposited_or_handed_back_signed(convention, town_hall):
    assert can_adapt_act(convention)
    record_act_dates(convention, by=None, deposited_on=DAY)
    assert not can_adapt_act(convention)
    record_act_dates(convention, by=None, deposited_on=None)
    scan = UploadedPdf(content=b"%PDF-1.7", pages=1, name="acte.pdf")
    attach(convention, kind="act_signed", pdf=scan, by=town_hall)
    with pytest.raises(TransitionRefused, match="ne change plus"):
        adapt_act(convention, by=None, adapted_text="", **NOTHING | DEPUTY)


def test_the_executory_act_is_the_act_that_was_signed(convention, adapted):
    adapt_act(convention, by=None, adapted_text=adapted, **NOTHING | DEPUTY)
    issue_documents(convention, by=None)
    convention.sign_for_collectivity(by=None, on=DAY)
    record_act_dates(convention, by=None, deposited_on=DAY, published_on=DAY)
    issue_documents(convention, by=None)
    signed, executory = (
        latest_piece(convention, kind).document.context for kind in ("act", "act_executory")
    )
    same = ("adapted_text", "letterhead", "signatory", "signatory_delegation")
    assert {name: signed[name] for name in same} == {name: executory[name] for name in same}


def test_the_nature_of_an_adapted_act_changes_from_the_model_only(convention, adapted):
    adapt_act(convention, by=None, adapted_text=adapted, **NOTHING)
    with pytest.raises(TransitionRefused) as refusal:
        record_act(convention, by=None, kind="deliberation", number="2022-14", dated_on=DAY)
    assert "revenez d'abord au texte du modèle" in refusal.value.message_dict["kind"][0]
    adapt_act(convention, by=None, adapted_text="", **NOTHING)
    record_act(convention, by=None, kind="deliberation", number="2022-14", dated_on=DAY)


def test_a_deputy_is_named_in_full_or_not_at_all(convention):
    with pytest.raises(ValidationError, match="par délégation"):
        adapt_act(convention, by=None, adapted_text="", **NOTHING | {"signatory": "Claude ROUX"})
    with pytest.raises(IntegrityError), transaction.atomic():
        Act.objects.filter(pk=convention.act.pk).update(signatory="Claude ROUX")


# --- The page -----------------------------------------------------------------
def test_a_town_hall_starts_from_the_model_with_its_fields_beside(mairie, convention, model):
    response = mairie.get(page(convention))
    assert response.context["form"].initial["adapted_text"] == model
    shown = response.content.decode()
    assert 'data-field="{{ visa_delegation }}"' in shown
    assert "Le Maire" in shown or "La Maire" in shown
    assert page(convention) in mairie.get(convention.get_absolute_url()).content.decode()


def test_a_town_hall_adapts_its_act(mairie, convention, adapted, town_hall):
    data = typed(convention, adapted, signer="deputy", letterhead=logo(), **DEPUTY)
    assert mairie.post(page(convention), data).url == convention.get_absolute_url()
    act = Act.objects.get()
    assert act.adapted_text == adapted
    assert act.signatory == "Claude ROUX"
    assert act.letterhead.size
    convention.refresh_from_db()
    assert latest_piece(convention, "act").version == 2
    assert 'src="data:image/jpeg;base64,' in mairie.get(page(convention)).content.decode()


def test_who_no_longer_delegates_signs_again(mairie, convention):
    adapt_act(convention, by=None, adapted_text="", **NOTHING | DEPUTY)
    mairie.post(page(convention), typed(convention, "", **DEPUTY))
    assert Act.objects.get().signatory == ""


def test_every_fault_of_the_page_is_said_at_once_and_nothing_is_lost(mairie, convention, model):
    text = f"{model}\n\nVu {{{{ rien_du_tout }}}} <b>"
    data = typed(convention, text, signer="deputy", signatory="Claude ROUX")
    response = mairie.post(
        page(convention), data | {"letterhead": logo((0, 0, 0, 0), "CMYK", "JPEG")}
    )
    assert response.status_code == 422
    errors = response.context["form"].errors
    assert set(errors) == {
        "letterhead",
        "signatory_capacity",
        "signatory_delegation",
        "adapted_text",
    }
    assert "Vu {{ rien_du_tout }} &lt;b&gt;" in response.content.decode()
    assert Act.objects.get().letterhead.name == ""


def test_a_preview_shows_what_is_typed_and_writes_nothing(mairie, convention, adapted):
    before = (Document.objects.count(), convention.journal.count())
    data = typed(convention, adapted, preview="1", letterhead=logo())
    response = mairie.post(page(convention), data)
    assert response["Content-Type"] == "application/pdf"
    assert b"/DCTDecode" in response.content
    assert (Document.objects.count(), convention.journal.count()) == before
    assert Act.objects.get().adapted_text == ""
    assert Act.objects.get().letterhead.name == ""


def test_a_letterhead_is_removed_on_request_and_kept_otherwise(mairie, convention):
    mairie.post(page(convention), typed(convention, "", letterhead=logo()))
    convention.refresh_from_db()
    mairie.post(page(convention), typed(convention, ""))
    assert Act.objects.get().letterhead.name
    mairie.post(page(convention), typed(convention, "", remove_letterhead="on"))
    assert Act.objects.get().letterhead.name == ""


def test_next_year_s_act_takes_the_letterhead_over(mairie, convention):
    mairie.post(page(convention), typed(convention, "", letterhead=logo()))
    following = ConventionFactory(
        campaign=CampaignFactory(start_year=2023), collectivity=convention.collectivity
    )
    following.send(by=None)
    following.accept(by=None)
    record_act(following, by=None, kind="decision", number="2023-1", dated_on=DAY)
    assert following.act.letterhead.name == Act.objects.get(convention=convention).letterhead.name


def test_a_page_read_before_a_colleague_changed_the_act_writes_nothing(mairie, convention, adapted):
    data = typed(convention, adapted)
    adapt_act(convention, by=None, adapted_text="", **NOTHING | DEPUTY)
    response = mairie.post(page(convention), data)
    assert response.status_code == 422
    assert "commission des écoles" in response.content.decode()
    assert Act.objects.get().adapted_text == ""


def test_another_s_act_is_a_page_that_does_not_exist(client, convention, adapted):
    client.force_login(UserFactory())
    assert client.post(page(convention), typed(convention, adapted)).status_code == 404


def test_no_town_hall_changes_the_text_of_the_convention(mairie, convention, adapted):
    mairie.post(page(convention), typed(convention, adapted))
    convention.refresh_from_db()
    text, context = convention.text_and_context("convention")
    assert text.body == TextModel.objects.get(kind="convention").body
    assert not hasattr(context, "adapted_text")
    assert latest_piece(convention, "convention").version == 1
    change = reverse("admin:documents_textmodel_change", args=[text.pk])
    assert mairie.post(change, {"title": "…", "body": "…"}).status_code in (302, 403)
    assert TextModel.objects.get(pk=text.pk).title != "…"


# --- The act of an avenant ----------------------------------------------------
@pytest.fixture
def amendment(db):
    load_texts()
    convention = current_signed_convention()
    amendment = prepare_amendment(convention, remove=[convention.enrolments.first()])
    amendment.send(by=None)
    today = amendment.sent_on
    record_act(amendment, by=None, kind="decision", number="A-1", dated_on=today)
    return amendment


def test_the_act_of_an_avenant_is_adapted_too(client, amendment):
    convention = amendment.convention
    client.force_login(UserFactory(collectivities=[convention.collectivity]))
    url = reverse(
        "own_amendment_act",
        args=[convention.campaign.school_year, convention.collectivity.code, 1],
    )
    body = client.get(url).context["form"].initial["adapted_text"]
    text = body.replace("## Décide", "Vu l'avis du comité ;\n\n## Décide")
    data = {"version": amendment.version, "signer": "representative", "adapted_text": text}
    assert client.post(url, data).url == convention.get_absolute_url()
    amendment.refresh_from_db()
    document = latest_piece(amendment, "amendment_act").document
    assert document.context["adapted_text"] == text


def test_a_later_version_of_the_text_does_not_touch_an_act_that_was_signed(amendment):
    issue_documents(amendment, by=None)
    today = amendment.sent_on
    amendment.sign_for_collectivity(by=None, on=today)
    first = TextModel.objects.get(kind="amendment_decision")
    later = TextModel.draft(kind=first.kind, title="Autre", body=first.body)
    later.publish(by=None)
    record_act_dates(amendment, by=None, deposited_on=today, published_on=today)
    issue_documents(amendment, by=None)
    assert latest_piece(amendment, "act_executory").document.text_model == first
