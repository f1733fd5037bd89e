"""Documents in the admin site: everything readable, nothing writable."""

import pytest
from django.urls import reverse

from documents.models import Document

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(rectorat):
    return Document.freeze(b"%PDF-1.7 un fichier", pages=2, by=rectorat, name="signée.pdf")


def test_documents_are_listed_by_their_name(client, rectorat, document):
    client.force_login(rectorat)
    page = client.get(reverse("admin:documents_document_changelist")).content.decode()
    assert "signée.pdf" in page
    assert "fichier reçu" in page


def test_nobody_adds_one_by_hand(client, administrator):
    client.force_login(administrator)
    assert client.get(reverse("admin:documents_document_add")).status_code == 403


def test_nobody_changes_a_document(client, administrator, document):
    client.force_login(administrator)
    url = reverse("admin:documents_document_change", args=[document.pk])
    assert client.post(url, {"original_name": "autre.pdf"}).status_code == 403


def test_nobody_deletes_a_document(client, administrator, document):
    client.force_login(administrator)
    url = reverse("admin:documents_document_delete", args=[document.pk])
    assert client.post(url, {"post": "yes"}).status_code == 403
