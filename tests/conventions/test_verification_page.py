"""The public page that verifies a document: what it says, and what it never says."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from conventions.authority import record_act, record_act_dates
from conventions.models import issue_documents, latest_piece
from documents.models import Document
from tests.documents.certificates import mayor, sign
from tests.documents.test_signatures import replace_page, updated

pytestmark = pytest.mark.django_db

VERIFY = reverse("verify")


@pytest.fixture
def issued(convention):
    """The act of a convention, issued."""
    convention.send(by=None)
    convention.accept(by=None)
    today = timezone.localdate()
    record_act(convention, by=None, kind="decision", number="2022D01", dated_on=today)
    issue_documents(convention, by=None)
    return latest_piece(convention, "act").document


def page_of(document) -> str:
    return reverse("verify_document", args=[document.reference])


def content_of(document) -> bytes:
    with document.file.open() as file:
        return file.read()


def drop(client, content: bytes, name="recu.pdf"):
    return client.post(VERIFY, {"file": SimpleUploadedFile(name, content, "application/pdf")})


def test_anybody_reads_what_a_reference_stands_for(client, issued):
    response = client.get(page_of(issued))
    assert response.status_code == 200
    page = response.content.decode()
    today = timezone.localdate()
    for said in (issued.reference, "Décision", issued.sha256, f"{today.year}", "plus récente"):
        assert said in page


def test_the_page_names_neither_people_nor_collectivity(client, issued, convention):
    page = client.get(page_of(issued)).content.decode()
    party, campaign = convention.collectivity, convention.campaign
    for unsaid in (
        party.name,
        party.representative_last_name,
        campaign.signatory_last_name,
        party.siret,
        convention.act.number,
    ):
        assert unsaid not in page


def test_search_engines_leave_the_pages_out(client, issued):
    for url in (VERIFY, page_of(issued)):
        assert client.get(url)["X-Robots-Tag"] == "noindex, nofollow"


def test_the_address_of_the_qr_code_is_that_of_the_page(client, issued, settings):
    address = f"{settings.SITE_URL}/verifier/{issued.reference}"
    assert client.get(address.removeprefix(settings.SITE_URL)).status_code == 200


def test_a_reference_typed_by_hand_leads_to_its_page(client, issued):
    typed = f" {issued.reference.lower().replace('-', ' ')} "
    response = client.get(VERIFY, {"reference": typed})
    assert response.url == page_of(issued)
    assert client.get(f"{VERIFY}{issued.reference.lower()}").url == page_of(issued)


@pytest.mark.parametrize("typed", ["", "  ", "ENT", "..", "<script>", "ENT-2022/../..", "x" * 300])
def test_what_is_no_reference_is_asked_again_at_its_field(client, typed):
    response = client.get(VERIFY, {"reference": typed})
    assert response.status_code == 422
    assert response.context["form"].errors["reference"]
    assert "<script>" not in response.content.decode().partition("<main")[2].partition("</main")[0]


def test_a_reference_that_was_never_issued_is_said_so(client, issued):
    response = client.get(f"{VERIFY}ENT-2022-34337-C-333333")
    assert response.status_code == 404
    assert (
        "Aucun document ne porte la référence ENT-2022-34337-C-333333" in response.content.decode()
    )


def test_a_document_that_a_newer_version_replaced_is_said_so(client, issued, convention):
    today = timezone.localdate()
    record_act(convention, by=None, kind="decision", number="2022D02", dated_on=today)
    issue_documents(convention, by=None)
    assert "Remplacé par une version plus récente" in client.get(page_of(issued)).content.decode()
    latest = latest_piece(convention, "act").document
    assert "Remplacé" not in client.get(page_of(latest)).content.decode()


def test_a_file_as_issued_is_said_so(client, issued):
    page = drop(client, content_of(issued)).content.decode()
    assert "Ce fichier est celui qui a été émis" in page
    assert issued.reference in page


def test_a_file_signed_since_is_said_so(client, issued):
    page = drop(client, sign(content_of(issued), mayor())).content.decode()
    assert "Ce fichier est un document émis, puis signé" in page
    assert issued.reference in page
    assert "Signature électronique au nom de Camille MARTIN : signataire non authentifié" in page
    assert "fr-alert--success" not in page


def test_a_file_extended_since_is_a_warning(client, issued):
    signed_then_changed = updated(sign(content_of(issued), mayor()), replace_page)
    for content in (content_of(issued) + b"\n<< >>\n%%EOF\n", signed_then_changed):
        page = drop(client, content).content.decode()
        assert "Ce fichier a été complété après son émission" in page


def test_another_file_is_said_not_to_be_one(client, issued):
    page = drop(client, b"%PDF-1.7 something else").content.decode()
    assert "n’a pas été émis par ce site" in page
    assert issued.reference not in page


def test_what_is_dropped_is_not_kept(client, issued, private_media):
    before = sorted(private_media.rglob("*"))
    documents = Document.objects.count()
    drop(client, b"%PDF-1.7 something else" + 3_000_000 * b" ")
    assert sorted(private_media.rglob("*")) == before
    assert Document.objects.count() == documents


def test_a_file_too_large_or_of_another_kind_is_refused_at_its_field(client, settings):
    settings.UPLOAD_MAX_BYTES = 2 * 1024 * 1024
    for content in (b"%PDF-" + 2 * 1024 * 1024 * b" ", b"PK\x03\x04", b""):
        response = drop(client, content)
        assert response.status_code == 422
        assert response.context["file_form"].errors["file"]
    assert client.post(VERIFY).status_code == 422


def test_files_are_verified_at_a_bounded_pace(client, settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.ACCOUNT_RATE_LIMITS = {"verify_document": "2/m/ip"}
    codes = [drop(client, b"%PDF-1.7").status_code for _ in range(3)]
    assert codes == [200, 200, 429]


def test_an_act_with_its_executory_mention_is_told_from_the_one_to_sign(client, issued, convention):
    today = timezone.localdate()
    record_act_dates(convention, by=None, deposited_on=today, published_on=today)
    issue_documents(convention, by=None)
    executory = latest_piece(convention, "act_executory").document
    assert "avec sa mention exécutoire" in client.get(page_of(executory)).content.decode()
    assert "avec sa mention exécutoire" not in client.get(page_of(issued)).content.decode()


def test_a_draft_is_not_said_to_be_the_act(client, convention, day):
    convention.send(by=None, on=day("10/10/2022"))
    convention.accept(by=None, on=day("10/10/2022"))
    record_act(convention, by=None, kind="deliberation")
    issue_documents(convention, by=None)
    reference = latest_piece(convention, "act").document.reference
    page = client.get(reverse("verify_document", args=[reference])).content.decode()
    assert "Projet de délibération" in page
