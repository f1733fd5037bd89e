"""Of files that hold more than a paper none is kept; papers with what papers have are."""

import io
import re
import resource

import pikepdf
import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from pikepdf import Array, Dictionary, Name

from documents.models import Document
from documents.received.refusals import MESSAGES
from documents.received.scans import read_pages
from documents.received.uploads import read_copy, read_pdf, read_piles
from documents.rendering import render
from incoming import confined

from . import hostile, papers, samples
from .certificates import mayor, sign
from .hostile import blank, saved

ONE_GIGABYTE = 1024**3
# By family of `hostile`, what its files are refused for.
SAID = {
    "actions": {"script", "launch", "submit", "media", "attachment", "action"},
    "scripts by other ways": {"script", "action"},
    "dynamic forms": {"xfa"},
    "media": {"media"},
    "attachments": {"attachment"},
    "content that stands elsewhere": {"elsewhere"},
    "encrypted": {"encrypted", "password", "protected"},
    "before and after": {"before", "after", "polyglot", "not_pdf"},
    "polyglots": {"polyglot"},
    "nested forms": {"too_heavy"},
    "nested otherwise": {"too_heavy"},
    "bombs": {"too_heavy"},
    "page trees": {"damaged"},
    "large tables": {"damaged"},
}


def upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("acte.pdf", content, content_type="application/pdf")


def code_of(content: bytes) -> str:
    """Return the code that a file is refused for; "" when it is kept."""
    try:
        read_pdf(upload(content))
    except ValidationError as refusal:
        return str(refusal.code)
    return ""


# --- Refused -------------------------------------------------------------------------
def memory() -> int:
    """Return the most that this process has ever held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.django_db
@pytest.mark.parametrize("family", SAID)
def test_no_hostile_file_is_kept_nor_fills_the_memory(family):
    before = memory()
    assert {code_of(content) for content in hostile.FAMILIES[family]()} == SAID[family]
    assert memory() - before < ONE_GIGABYTE / 2
    assert confined.MAX_MEMORY <= ONE_GIGABYTE


def test_there_are_two_hundred_of_them():
    assert SAID.keys() == hostile.FAMILIES.keys()
    assert sum(len(list(files())) for files in hostile.FAMILIES.values()) >= 200


def test_each_refusal_is_a_sentence_that_says_what_to_do():
    for code, message in MESSAGES.items():
        assert re.search(r"[Dd]éposez|[Nn]umérisez", message), code
        assert message.endswith(".")


def test_a_pile_and_a_copy_are_looked_at_as_well():
    pdf = blank()
    hostile.at_opening(pdf, Dictionary(**hostile.SCRIPT))
    with pytest.raises(ValidationError, match=r"« acte\.pdf » : Ce PDF contient un programme"):
        read_piles([upload(saved(pdf))])
    with pytest.raises(ValidationError, match="JavaScript"):
        read_copy([upload(saved(pdf))])


def test_what_an_update_to_a_signed_file_brings_is_looked_at():
    pdf = blank()
    hostile.at_opening(pdf, Dictionary(**hostile.SCRIPT))
    assert code_of(sign(saved(pdf), mayor())) == "script"


# --- Kept ----------------------------------------------------------------------------
def with_links():
    pdf = blank()
    actions = [
        {"S": Name.URI, "URI": "https://www.example.org/"},
        {"S": Name.URI, "URI": "mailto:mairie@example.org"},
        {"S": Name.URI, "URI": "www.example.org"},
        {"S": Name.GoTo, "D": Array([0, Name.Fit])},
        {"S": Name.Named, "N": Name.NextPage},
    ]
    pdf.pages[0].Annots = Array(
        pdf.make_indirect(Dictionary(Subtype=Name.Link, Rect=[0, 0, 9, 9], A=Dictionary(**action)))
        for action in actions
    )
    pdf.Root.OpenAction = Dictionary(S=Name.GoTo, D=Array([pdf.pages[0].obj, Name.Fit]))
    return saved(pdf)


def with_notes():
    pdf = blank()
    pdf.pages[0].Annots = Array(
        pdf.make_indirect(Dictionary(Subtype=Name(f"/{kind}"), Rect=[0, 0, 9, 9], Contents="Vu"))
        for kind in ("Text", "FreeText", "Stamp", "Ink", "Highlight", "Popup")
    )
    return saved(pdf)


def with_fields():
    pdf = blank()
    field = Dictionary(Subtype=Name.Widget, FT=Name.Tx, T="Nom", V="Roux", Rect=[0, 0, 9, 9])
    pdf.Root.AcroForm = Dictionary(Fields=[pdf.make_indirect(field)], NeedAppearances=True)
    pdf.pages[0].Annots = pdf.Root.AcroForm.Fields
    return saved(pdf)


def with_metadata_layers_and_structure():
    pdf = blank()
    with pdf.open_metadata() as metadata:
        metadata["dc:title"] = "Décision n° 3"
    layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name="Tampon"))
    pdf.Root.OCProperties = Dictionary(OCGs=[layer], D=Dictionary(Order=[layer]))
    heading = Dictionary(Type=Name.StructElem, S=Name.P, A=Dictionary(O=Name.Layout))
    pdf.Root.StructTreeRoot = Dictionary(Type=Name.StructTreeRoot, K=pdf.make_indirect(heading))
    return saved(pdf, linearize=True)


def with_a_drawing_of_a_signature():
    pdf = blank()
    inner = hostile.form(pdf, b"0 0 9 9 re f")
    for _ in range(4):
        inner = hostile.form(pdf, b"q /X Do Q", XObject=Dictionary(X=inner))
    return hostile.showing(pdf, b"/X Do\n" * 500, XObject=Dictionary(X=inner))


ORDINARY = {
    "links": with_links,
    "notes": with_notes,
    "fields": with_fields,
    "metadata, layers, structure": with_metadata_layers_and_structure,
    "a drawing of a signature": with_a_drawing_of_a_signature,
    "scanned": lambda: papers.pile(papers.sheet(), papers.blank()),
    "signed": lambda: sign(saved(blank()), mayor(), box=(50, 50, 200, 120)),
    "signed twice": lambda: sign(sign(saved(blank()), mayor()), mayor(), field="Seconde"),
    "padded": lambda: saved(blank()) + bytes(500) + b"\r\n",
    "in object streams": lambda: hostile.in_object_streams(blank()),
}


@pytest.mark.parametrize("what", ORDINARY)
def test_a_paper_with_what_papers_have_is_kept_as_it_is(what):
    content = ORDINARY[what]()
    assert read_pdf(upload(content)).content == content


def test_signed_files_that_nobody_here_made_are_kept(real_data):
    folder = real_data / "pdf"
    if not folder.is_dir():
        pytest.skip("signed files (shared/data/pdf) are not beside this checkout")
    refused = {path.stem: code_of(path.read_bytes()) for path in sorted(folder.glob("*.pdf"))}
    assert {name: code for name, code in refused.items() if code} == {
        "encrypted-for-a-certificate": "protected"
    }


# --- What our own documents carry ------------------------------------------------------
@pytest.fixture
def issued(db) -> bytes:
    text_model = samples.text("convention")
    text_model.save()
    printed = render(text_model, samples.CONVENTION)
    Document.freeze(printed.content, pages=printed.pages, by=None, reference=printed.reference)
    return printed.content


def saved_anew(content: bytes, **added: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(content)) as pdf:
        for name, attached in added.items():
            pdf.attachments[name] = pikepdf.AttachedFileSpec(pdf, attached, filename=name)
        return saved(pdf)


def test_a_document_of_ours_comes_back_with_what_it_carries(issued):
    for returned in (issued, sign(issued, mayor()), saved_anew(issued)):
        assert code_of(returned) == ""


def test_whatever_else_it_carries_is_refused(issued):
    with pikepdf.open(io.BytesIO(issued)) as pdf:
        (own,) = (file.get_file().read_bytes() for file in pdf.attachments.values())
    assert code_of(saved_anew(issued, autre=hostile.PROGRAM)) == "attachment"
    assert code_of(saved_anew(issued, autre=own.replace(b"45.00", b"46.00"))) == "attachment"
    assert code_of(saved_anew(saved(blank()), autre=own)) == ""


@pytest.mark.django_db
def test_a_document_that_was_not_printed_here_carries_nothing():
    text_model = samples.text("convention")
    text_model.pk = 1
    assert code_of(render(text_model, samples.CONVENTION).content) == "attachment"


# --- Kept before such files were refused ----------------------------------------------
def test_a_page_that_breaks_the_limits_is_unreadable_and_those_around_it_are_read(monkeypatch):
    monkeypatch.setattr(confined, "MAX_CPU_SECONDS", 3)
    pdf = pikepdf.open(io.BytesIO(papers.pile(papers.blank(), papers.blank())))
    inner = hostile.form(pdf, b"0 0 1 1 re f")
    for _ in range(9):
        inner = hostile.form(pdf, b"1 0 0 1 3 3 cm /X Do\n" * 10, XObject=Dictionary(X=inner))
    page = pikepdf.Page(pdf.add_blank_page(page_size=(595, 842)))
    page.Resources = Dictionary(XObject=Dictionary(X=inner))
    page.Contents = pdf.make_stream(b"/X Do")
    pdf.pages.insert(1, page)
    del pdf.pages[3]
    pages = list(read_pages(saved(pdf), [1, 2, 3]))
    assert [page.is_blank for page in pages] == [True, False, True]
    assert [page.is_unreadable for page in pages] == [False, True, False]
