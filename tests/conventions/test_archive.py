"""The pieces of many conventions as one ZIP."""

import zipfile
from io import BytesIO

import pytest
from django.contrib.admin import helpers
from django.urls import reverse

from conventions.dossiers import archive
from conventions.models import Convention, Piece, attach
from documents.received.uploads import UploadedPdf
from tests.factories import (
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

LIST = reverse("admin:conventions_convention_changelist")


def receive(convention, content=b"%PDF-1.7", kind=Piece.Kind.CONVENTION_SIGNED):
    return attach(
        convention, kind=kind, pdf=UploadedPdf(content=content, pages=1, name="scan.pdf"), by=None
    )


def read(chunks):
    with zipfile.ZipFile(BytesIO(b"".join(chunks))) as file:
        assert file.testzip() is None
        return {name: file.read(name) for name in file.namelist()}


@pytest.fixture
def villeneuve():
    commune = CommuneFactory(code="34337", name="Villeneuve-lès-Maguelone")
    convention = ConventionFactory(collectivity=CollectivityFactory(commune=commune))
    convention.send(by=None)
    return convention


def download(client, worked, conventions, **query):
    """The archive that a job makes of what is ticked in the list, as an agent gets it."""
    keys = [convention.pk for convention in conventions]
    chosen = {"action": "pieces", helpers.ACTION_CHECKBOX_NAME: keys, **query}
    asked = client.post(LIST, chosen).context["keys"]
    url = reverse("admin:conventions_convention_verb", args=["pieces"])
    client.post(url, {"conventions": asked})
    return client.post(reverse("admin:jobs_job_file", args=[worked().pk]))


def test_each_piece_is_there_once_in_its_latest_version_byte_for_byte(villeneuve):
    receive(villeneuve, b"%PDF first")
    receive(villeneuve, b"%PDF second")
    receive(villeneuve, b"%PDF act", kind=Piece.Kind.ACT_SIGNED)
    folder = "34337_villeneuve-les-maguelone"
    assert read(archive.stream(archive.latest_pieces(Convention.objects.all()))) == {
        f"{folder}/acte-signe_2022-2023_v1.pdf": b"%PDF act",
        f"{folder}/convention-signee_2022-2023_v2.pdf": b"%PDF second",
    }


def test_an_unsigned_original_given_as_a_signed_copy_does_not_stand_for_it(villeneuve):
    receive(villeneuve, b"%PDF signed")
    blank = receive(villeneuve, b"%PDF blank")
    Piece.objects.filter(pk=blank.pk).update(is_unsigned=True)
    files = read(archive.stream(archive.latest_pieces(Convention.objects.all())))
    assert list(files.values()) == [b"%PDF signed"]


def test_a_file_that_storage_lost_is_named_and_breaks_nothing(villeneuve, private_media):
    lost = receive(villeneuve)
    receive(villeneuve, b"%PDF act", kind=Piece.Kind.ACT_SIGNED)
    (private_media / lost.document.file.name).unlink()
    files = read(archive.stream(archive.latest_pieces(Convention.objects.all())))
    absent = "34337_villeneuve-les-maguelone/convention-signee_2022-2023_v1.pdf"
    assert files["fichiers-introuvables.txt"].decode() == absent
    assert len(files) == 2


def test_what_was_given_up_stands_apart_from_what_replaced_it(villeneuve):
    receive(villeneuve, b"%PDF old")
    villeneuve.abandon(by=None, comment="Erreur")
    again = ConventionFactory(collectivity=villeneuve.collectivity)
    again.send(by=None)
    receive(again, b"%PDF new")
    files = read(archive.stream(archive.latest_pieces(Convention.objects.all())))
    assert sorted(files.values()) == [b"%PDF new", b"%PDF old"]


def test_the_whole_selection_is_downloaded_beyond_one_page(client, rectorat, villeneuve, worked):
    other = ConventionFactory()
    other.send(by=None)
    receive(villeneuve, b"%PDF 1")
    receive(other, b"%PDF 2")
    client.force_login(rectorat)
    response = download(client, worked, [villeneuve], select_across="1")
    assert response.streaming
    assert len(read(response.streaming_content)) == 2


def test_a_selection_keeps_to_the_departements_of_the_agent(client, villeneuve, worked):
    receive(villeneuve)
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    commune = CommuneFactory(code="30350", department=gard)
    theirs = ConventionFactory(collectivity=CollectivityFactory(commune=commune))
    theirs.send(by=None)
    receive(theirs, b"%PDF gard")
    client.force_login(UserFactory(role="rectorat", departments=[gard]))
    response = download(client, worked, [villeneuve, theirs])
    assert list(read(response.streaming_content).values()) == [b"%PDF gard"]


def test_what_has_no_piece_is_announced_and_told_in_the_report(
    client, rectorat, villeneuve, worked
):
    empty = ConventionFactory()
    receive(villeneuve)
    client.force_login(rectorat)
    url = reverse("admin:conventions_convention_verb", args=["pieces"])
    chosen = {"conventions": f"{villeneuve.pk},{empty.pk}"}
    page = client.get(url, chosen)
    assert "Dans le fichier : <strong>1</strong>" in page.content.decode().replace("\u00a0", " ")
    client.post(url, chosen)
    job = worked()
    assert job.note == "Pièces dans l'archive : 1."
    assert job.items.get(key=empty.pk).reason == "Aucune pièce dans ce dossier."


def test_an_archive_takes_one_query_whatever_the_number_of_pieces(
    villeneuve, django_assert_num_queries
):
    for number in range(4):
        receive(villeneuve, b"%PDF" + bytes([number]), kind=Piece.Kind.OTHER)
        receive(ConventionFactory(state="sent", sent_on="2022-09-01"), bytes([number]))
    with django_assert_num_queries(1):
        read(archive.stream(archive.latest_pieces(Convention.objects.all())))
