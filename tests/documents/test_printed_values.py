"""What a document was made from, read in French on its page of the admin site."""

import dataclasses
import inspect

import pytest
from django.urls import reverse

from documents import contexts
from documents.contexts import to_json
from documents.models import Document
from documents.printed_values import LABELS, sections

from .samples import CONVENTION, SCHOOLS


def test_every_value_that_a_context_can_have_has_a_french_name():
    every = [kind for _, kind in inspect.getmembers(contexts, dataclasses.is_dataclass)]
    names = {field.name for kind in every for field in dataclasses.fields(kind)}
    assert len(every) > 8
    assert not names - LABELS.keys()


def test_values_are_said_as_they_are_read():
    found = {section.title: section for section in sections(to_json(CONVENTION))}
    said = dict(found["Document"].rows)
    assert said["Montant"].replace("\u00a0", " ") == f"{45 * len(SCHOOLS)} €"
    assert said["Fin le"] == "01/09/2023"
    assert "Région académique" not in said
    assert dict(found["Collectivité"].rows)["Adresse"].count("\n") == 1
    assert found["Écoles"].columns[:2] == ("Code UAI", "École")
    assert [row[0] for row in found["Écoles"].rows] == [school.uai for school in SCHOOLS]


def test_a_value_of_another_version_is_shown_by_its_own_name():
    assert [section.rows for section in sections({"forgotten": "x", "blank": ""})] == [
        [("Forgotten", "x")]
    ]


@pytest.mark.django_db
def test_the_page_of_a_document_shows_a_table_and_no_json(client, rectorat):
    document = Document.freeze(b"%PDF-1.7", pages=1, by=rectorat, context=to_json(CONVENTION))
    client.force_login(rectorat)
    page = client.get(reverse("admin:documents_document_change", args=[document.pk])).text
    assert "<caption>Écoles</caption>" in page
    assert SCHOOLS[0].name in page
    assert "school_year" not in page


@pytest.mark.django_db
def test_a_file_that_was_received_says_that_nothing_was_printed(client, rectorat):
    document = Document.freeze(b"%PDF-1.7 signed", pages=1, by=rectorat, name="signée.pdf")
    client.force_login(rectorat)
    page = client.get(reverse("admin:documents_document_change", args=[document.pk])).text
    assert "Fichier reçu" in page
