"""A text on a real file, before it is chosen: nothing is stored, nothing of others is shown."""

import datetime
import io

import pikepdf
import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from conventions.dossiers.previews import preview_context
from conventions.models import Piece
from conventions.terminations.models import give_formal_notice
from documents.models import Document, TextModel
from documents.wording.texts import load_texts
from lifecycle.models import JournalEntry
from tests.factories import (
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    UserFactory,
    current_signed_convention,
    prepare_amendment,
)

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2022, 10, 20)


def pdf(client, text, convention):
    return client.get(reverse("admin:documents_textmodel_pdf", args=[text.pk, convention.pk]))


@pytest.mark.parametrize("kind", TextModel.Kind.values)
def test_every_nature_is_shown_on_a_file_that_has_nothing_yet(client, rectorat, convention, kind):
    client.force_login(rectorat)
    response = pdf(client, load_texts()[kind], convention)
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("inline;")
    with pikepdf.open(io.BytesIO(response.content)) as opened:
        assert convention.collectivity.name in str(opened.docinfo.Title)


def test_every_nature_is_shown_on_a_file_of_a_whole_year(client, rectorat):
    convention = current_signed_convention()
    today = timezone.localdate()
    texts = load_texts()
    give_formal_notice(convention, by=None, side="region", on=today, grievances="Rien n'est tenu.")
    amendment = prepare_amendment(convention, remove=[convention.enrolments.first()])
    amendment.send(by=None, on=today)
    client.force_login(rectorat)
    for text in texts.values():
        assert pdf(client, text, convention).status_code == 200
    shown = preview_context("amendment", convention, today=today)
    assert shown.amendment.removed[0].uai == convention.enrolments.first().uai


def test_what_the_file_has_is_what_is_shown(signed_convention):
    shown = preview_context("decision", signed_convention, today=TODAY)
    assert shown.number == "2022DECAD076"
    assert preview_context("deliberation", signed_convention, today=TODAY).number == "2022-001"


def test_a_preview_stores_nothing(client, rectorat, convention):
    client.force_login(rectorat)
    text = load_texts()["decision"]
    entries = JournalEntry.objects.count()
    client.get(reverse("admin:documents_textmodel_preview", args=[text.pk]))
    pdf(client, text, convention)
    assert not Document.objects.exists()
    assert not Piece.objects.exists()
    assert JournalEntry.objects.count() == entries
    convention.refresh_from_db()
    assert convention.act is None


def test_a_file_is_found_by_the_words_of_its_collectivity(client, rectorat, convention):
    client.force_login(rectorat)
    elsewhere = CollectivityFactory(commune=CommuneFactory(name="Autreville"))
    other = ConventionFactory(campaign=convention.campaign, collectivity=elsewhere)
    text = load_texts()["decision"]
    url = reverse("admin:documents_textmodel_preview", args=[text.pk])
    page = client.get(url, {"q": convention.collectivity.name.upper()}).content.decode()
    assert reverse("admin:documents_textmodel_pdf", args=[text.pk, convention.pk]) in page
    assert reverse("admin:documents_textmodel_pdf", args=[text.pk, other.pk]) not in page


def test_an_agent_sees_a_text_on_the_files_of_their_territory_only(client, convention):
    agent = UserFactory(role=Role.RECTORAT, departments=[DepartmentFactory(code="48")])
    client.force_login(agent)
    text = load_texts()["decision"]
    assert pdf(client, text, convention).status_code == 404
    page = client.get(reverse("admin:documents_textmodel_preview", args=[text.pk]))
    assert "Aucun dossier" in page.content.decode()
