"""Signed copies: only sound, bounded PDF files are kept."""

import io

import pikepdf
import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from pyhanko.pdf_utils.crypt.pubkey import RecipientEncryptionPolicy
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from documents.received.repair import Irreparable, repair
from documents.received.uploads import MAX_PAGES, read_pdf
from documents.received.verdicts import Verdict
from incoming import confined

from . import papers
from .certificates import mayor, sign
from .hostile import tables


def pdf_of(pages: int, **options) -> bytes:
    pdf = pikepdf.new()
    for _ in range(pages):
        pdf.add_blank_page()
    buffer = io.BytesIO()
    pdf.save(buffer, **options)
    return buffer.getvalue()


def upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("décision signée.pdf", content, content_type="application/pdf")


def refusal(content: bytes) -> ValidationError:
    with pytest.raises(ValidationError) as refused:
        read_pdf(upload(content))
    return refused.value


def test_a_sound_pdf_is_kept_as_it_is():
    content = pdf_of(3)
    kept = read_pdf(upload(content))
    assert kept.content == content
    assert kept.pages == 3
    assert not kept.is_repaired


def test_a_file_already_read_by_the_form_is_read_from_its_start():
    file = upload(pdf_of(1))
    file.read()
    assert read_pdf(file).pages == 1


def test_a_pdf_that_opens_without_password_but_forbids_is_refused():
    error = refusal(pdf_of(1, encryption=pikepdf.Encryption(owner="secret", user="")))
    assert error.code == "encrypted"
    assert "sans protection" in error.message


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "empty", "vide"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not_pdf", "Numérisez"),
        (b"PK\x03\x04 un document de bureautique", "not_pdf", "n'est ni un PDF"),
        (b"%PDF-1.7\nrien qui tienne", "damaged", "abîmé"),
        (pdf_of(3)[:-200], "damaged", "incomplet"),
        (pdf_of(3)[: len(pdf_of(3)) // 2], "damaged", "incomplet"),
        (pdf_of(0), "no_page", "aucune page"),
        (pdf_of(MAX_PAGES + 1), "too_many_pages", "200 pages"),
        (
            pdf_of(1, encryption=pikepdf.Encryption(owner="a", user="secret")),
            "password",
            "mot de passe",
        ),
    ],
    ids=[
        "empty",
        "image",
        "office",
        "fake",
        "end-missing",
        "half",
        "no-page",
        "too-long",
        "locked",
    ],
)
def test_a_file_that_cannot_be_kept_is_refused_with_what_to_do(content, code, words):
    error = refusal(content)
    assert error.code == code
    assert words in error.message


# --- Slightly broken: repaired, or refused ------------------------------------
def scan() -> bytes:
    """Two scanned pages in a file whose objects stand one after the other."""
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(papers.pile(papers.sheet(), papers.sheet()))) as pdf:
        pdf.save(buffer, deterministic_id=True)
    return buffer.getvalue()


def images(content: bytes) -> list[bytes]:
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return [i.read_raw_bytes() for page in pdf.pages for i in page.get_images().values()]


BREAKAGES = {
    "cut-short": lambda content: content[:-10],
    "followed-by-zeros": lambda content: content + 3000 * b"\0",
    "table-not-where-it-says": lambda content: content.replace(b"startxref\n", b"startxref\n9"),
    "line-ends-changed": lambda content: content.replace(b"\n", b"\r\n", 3),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_slightly_broken_file_is_repaired_and_carries_the_one_that_was_sent(breakage):
    broken = BREAKAGES[breakage](scan())
    kept = read_pdf(upload(broken))
    assert kept.is_repaired
    assert kept.pages == 2
    with pikepdf.open(io.BytesIO(kept.content), attempt_recovery=False) as pdf:
        assert pdf.check_pdf_syntax() == []
        (original,) = pdf.attachments.values()
        assert original.get_file().read_bytes() == broken
        assert original.filename == "décision signée.pdf"
    assert images(kept.content) == images(scan())
    assert read_pdf(upload(broken)).content == kept.content


LOSSES = {
    "half": lambda content: content[: len(content) // 2],
    "end": lambda content: content[:-600],
    "hole": lambda content: content[:150_000] + content[150_500:],
    "page-missing": lambda content: content.replace(b"/Count 2", b"/Count 3"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_file_that_lost_something_is_not_repaired(loss):
    broken = LOSSES[loss](scan())[:-10]
    assert broken != scan()[:-10]
    assert refusal(broken).code == "damaged"


def test_a_file_that_takes_for_ever_is_given_up(monkeypatch):
    monkeypatch.setattr(confined, "MAX_SECONDS", 0.01)
    assert refusal(scan()).code == "too_heavy"
    with pytest.raises(Irreparable):
        repair(scan()[:-10])


def test_a_signed_file_is_not_repaired_which_would_undo_its_signature():
    broken = sign(scan(), mayor()) + 3000 * b"\0"
    kept = read_pdf(upload(broken))
    assert kept.content == broken
    assert kept.pages == 2
    assert not kept.is_repaired
    (signature,) = kept.examination.signatures
    assert (signature.signer, signature.verdict) == ("Camille MARTIN", Verdict.IRREGULAR)


# --- Encrypted ------------------------------------------------------------------
def test_a_file_encrypted_for_a_certificate_is_protected_not_damaged(real_data):
    path = real_data / "pdf" / "encrypted-for-a-certificate.pdf"
    if not path.exists():
        pytest.skip("signed files (shared/data/pdf) are not beside this checkout")
    error = refusal(path.read_bytes())
    assert error.code == "protected"
    assert "Enregistrez-le sans protection" in error.message


def test_a_file_encrypted_for_a_certificate_of_ours_is_protected():
    plain = PdfFileReader(io.BytesIO(pdf_of(1)))
    writer = copy_into_new_writer(plain)
    writer.encrypt_pubkey([mayor().asn1], policy=RecipientEncryptionPolicy(ignore_key_usage=True))
    buffer = io.BytesIO()
    writer.write(buffer)
    assert refusal(buffer.getvalue()).code == "protected"


def test_a_file_larger_than_the_limit_is_refused(settings):
    settings.UPLOAD_MAX_BYTES = 1024 * 1024
    error = refusal(b"%PDF-1.7" + bytes(1024 * 1024))
    assert error.code == "too_large"
    assert "1 Mo" in error.message


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused():
    assert read_pdf(upload(tables(1_000))).pages == 1
    assert refusal(tables(10_000_000)).code == "damaged"
