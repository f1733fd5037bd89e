"""Signed copies: only sound, bounded PDF files are kept."""

import io
import struct
import zlib

import pikepdf
import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from documents.received.uploads import MAX_PAGES, read_pdf


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


def test_a_file_already_read_by_the_form_is_read_from_its_start():
    file = upload(pdf_of(1))
    file.read()
    assert read_pdf(file).pages == 1


def test_a_pdf_that_opens_without_password_is_kept():
    content = pdf_of(1, encryption=pikepdf.Encryption(owner="secret", user=""))
    assert read_pdf(upload(content)).pages == 1


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


def test_a_file_larger_than_the_limit_is_refused(settings):
    settings.UPLOAD_MAX_BYTES = 1024 * 1024
    error = refusal(b"%PDF-1.7" + bytes(1024 * 1024))
    assert error.code == "too_large"
    assert "1 Mo" in error.message


def bomb(entries: int) -> bytes:
    """A sound PDF of one page whose table of objects unpacks to seven bytes an entry."""
    head = b"%PDF-1.5\n"
    objects = [
        b"1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n",
        b"2 0 obj\n<</Type/Pages/Count 1/Kids[3 0 R]>>\nendobj\n",
        b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>\nendobj\n",
    ]
    offsets = [len(head) + sum(map(len, objects[:number])) for number in range(4)]
    table = struct.pack(">BIH", 0, 0, 65535)
    table += b"".join(struct.pack(">BIH", 1, offset, 0) for offset in offsets)
    packed = zlib.compress(table.ljust(7 * entries, b"\0"), 9)
    stream = (
        b"4 0 obj\n<</Type/XRef/Size %d/W[1 4 2]/Root 1 0 R/Filter/FlateDecode/Length %d>>\n"
        b"stream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n"
    ) % (entries, len(packed), packed, offsets[3])
    return head + b"".join(objects) + stream


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused():
    assert read_pdf(upload(bomb(1_000))).pages == 1
    assert refusal(bomb(10_000_000)).code == "damaged"
