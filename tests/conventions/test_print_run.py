"""The conventions to sign of a selection, as one file for a printing room."""

from io import BytesIO

import pikepdf
import pytest
from django.contrib.admin import helpers
from django.urls import reverse

from conventions.dossiers import print_run
from conventions.models import Convention, Piece
from documents.models import Document
from documents.press import binding
from tests.factories import CollectivityFactory, CommuneFactory, ConventionFactory

pytestmark = pytest.mark.django_db

LIST = reverse("admin:conventions_convention_changelist")
WIDTH = 595


def to_sign(code, pages, kind=Piece.Kind.CONVENTION):
    """A convention whose `kind` is a file of so many pages, each as high as its number."""
    commune = CommuneFactory(code=code)
    convention = ConventionFactory(collectivity=CollectivityFactory(commune=commune))
    pdf, content = pikepdf.new(), BytesIO()
    for number in range(1, pages + 1):
        pdf.add_blank_page(page_size=(WIDTH, 100 * int(code[-1]) + number))
    pdf.save(content)
    document = Document.freeze(content.getvalue(), pages=pages, by=None)
    Piece.objects.create(convention=convention, kind=kind, version=1, document=document)
    return convention


def heights(content):
    with pikepdf.open(BytesIO(content)) as pdf:
        return [int(page.mediabox[3]) for page in pdf.pages]


def merged():
    target = BytesIO()
    absent = print_run.merge(print_run.to_print(Convention.objects.all()), target)
    return heights(target.getvalue()), absent


def test_each_convention_starts_on_an_odd_page_in_the_order_of_codes():
    to_sign("34002", pages=2)
    to_sign("34001", pages=3)
    pages, absent = merged()
    # The third page of the first is followed by a blank one of its size.
    assert pages == [101, 102, 103, 103, 201, 202]
    assert absent == []


def test_only_what_is_to_be_signed_is_printed():
    to_sign("34001", pages=1, kind=Piece.Kind.CONVENTION_SIGNED)
    assert not print_run.to_print(Convention.objects.all()).exists()


def test_more_files_than_are_open_at_once_keep_their_order(monkeypatch):
    monkeypatch.setattr(binding, "_AT_ONCE", 2)
    for number in (5, 1, 4, 2, 3):
        to_sign(f"3400{number}", pages=2)
    assert [height // 100 for height in merged()[0][::2]] == [1, 2, 3, 4, 5]


def test_a_file_that_storage_lost_is_named_and_the_others_printed():
    to_sign("34001", pages=2)
    lost = to_sign("34002", pages=2).pieces.get().document
    lost.file.storage.delete(lost.file.name)
    pages, absent = merged()
    assert len(pages) == 2
    assert ["34002" in name for name in absent] == [True]


def ask(client, *conventions):
    keys = [convention.pk for convention in conventions]
    return client.post(LIST, {"action": "print_run", helpers.ACTION_CHECKBOX_NAME: keys})


def test_an_agent_has_one_file_made_of_the_selection(client, rectorat, convention, worked):
    chosen, _other = to_sign("34001", pages=2), to_sign("34002", pages=2)
    client.force_login(rectorat)
    page = ask(client, chosen, convention)
    assert (page.context["chosen"], page.context["possible"]) == (2, 1)
    assert "Aucune convention ni aucun avenant à signer en PDF" in page.content.decode()
    asked = reverse("admin:conventions_convention_verb", args=["print_run"])
    client.post(asked, {"conventions": page.context["keys"]})
    job = worked()
    assert job.items.get(key=convention.pk).state == "left_out"
    assert "Conventions et avenants dans le PDF : 1." in job.note
    response = client.post(reverse("admin:jobs_job_file", args=[job.pk]))
    assert response["Content-Type"] == "application/pdf"
    assert heights(response.getvalue()) == [101, 102]


def test_a_selection_without_anything_to_print_is_told_so(client, rectorat, convention):
    client.force_login(rectorat)
    page = ask(client, convention)
    assert page.context["possible"] == 0
    assert "Aucune convention ni aucun avenant" in page.content.decode()
