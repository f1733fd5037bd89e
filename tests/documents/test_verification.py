"""A file is recognised by its bytes: as issued, as signed since, or not at all."""

import hashlib

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

from documents.models import Document
from documents.received import verification
from documents.received.verification import Outcome, recognise
from documents.rendering import render

from .certificates import mayor, rector, sign
from .samples import ACT, text
from .test_signatures import add_note, add_unsigned_box, replace_page, updated

pytestmark = pytest.mark.django_db

# What looks like a signature to who only searches for its name.
PRETENCE = b"\n9 0 obj\n<</Type /Sig /ByteRange [0 10 20 30]>>\nendobj\nstartxref\n7\n%%EOF\n"


@pytest.fixture(scope="module")
def printed():
    return render(text("decision"), ACT)


@pytest.fixture
def issued(printed):
    return Document.freeze(
        printed.content, pages=printed.pages, by=None, reference=printed.reference
    )


def test_the_issued_file_is_recognised(issued, printed):
    found = recognise(printed.content)
    assert (found.document, found.outcome) == (issued, Outcome.ISSUED)


@pytest.fixture(scope="module")
def signed(printed):
    return sign(printed.content, mayor())


def test_the_issued_file_is_recognised_under_its_signatures(issued, signed):
    for content, signers in (
        (signed, ["Camille MARTIN"]),
        (sign(signed, rector(), field="Deuxième"), ["Camille MARTIN", "Sophie BÉJEAN"]),
    ):
        found = recognise(content)
        assert (found.document, found.outcome) == (issued, Outcome.SIGNED)
        assert [signature.signer for signature in found.signatures] == signers


@pytest.mark.parametrize(
    "added", [b"\n9 0 obj\n<</Type /Page>>\nendobj\n%%EOF\n", PRETENCE, 3 * PRETENCE]
)
def test_what_is_added_without_a_signature_is_told_apart(issued, printed, added):
    found = recognise(printed.content + added)
    assert (found.document, found.outcome) == (issued, Outcome.EXTENDED)


@pytest.mark.parametrize("change", [replace_page, add_note, add_unsigned_box])
def test_what_is_added_beside_a_signature_is_not_taken_for_one(issued, printed, signed, change):
    for content in (updated(signed, change), sign(updated(printed.content, change), mayor())):
        found = recognise(content)
        assert (found.document, found.outcome) == (issued, Outcome.EXTENDED)


def add_script(writer):
    action = {
        pdf_name("/S"): pdf_name("/JavaScript"),
        pdf_name("/JS"): generic.pdf_string("app.alert(1)"),
    }
    writer.root["/OpenAction"] = writer.add_object(generic.DictionaryObject(action))
    writer.update_root()


def test_a_file_that_would_not_be_kept_is_not_opened(issued, printed, signed, monkeypatch):
    opened = []
    monkeypatch.setattr(verification, "examine_apart", lambda *args: opened.append(args))
    for content in (
        updated(signed, add_script),
        sign(updated(printed.content, add_script), mayor()),
    ):
        found = recognise(content)
        assert (found.document, found.outcome) == (issued, Outcome.EXTENDED)
    assert opened == []


@pytest.mark.parametrize("position", [0, 500, -20])
def test_a_file_with_one_byte_changed_is_not_recognised(issued, printed, position):
    content = bytearray(printed.content)
    content[position] ^= 1
    assert recognise(bytes(content)) is None
    assert recognise(bytes(content) + PRETENCE) is None


def test_a_file_received_is_not_one_that_was_issued(printed):
    Document.freeze(printed.content, pages=1, by=None, name="scan.pdf")
    assert recognise(printed.content) is None


def test_the_beginning_of_an_issued_file_is_not_that_file(issued, printed):
    assert recognise(printed.content[:-6]) is None


def test_a_file_of_nothing_but_endings_is_read_once(issued, monkeypatch):
    hashed = []
    real = hashlib.sha256

    class Counting:
        def __init__(self):
            self.digest = real()

        def update(self, part):
            hashed.append(len(part))
            self.digest.update(part)

        def hexdigest(self):
            return self.digest.hexdigest()

    monkeypatch.setattr("documents.received.verification.hashlib.sha256", Counting)
    content = b"%PDF-1.7\n" + 10_000 * b"%%EOF\n"
    assert recognise(content) is None
    assert sum(hashed) == len(content)
    assert len(hashed) < 50
