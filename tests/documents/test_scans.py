"""A pile of scans finds its own documents: skewed, upside down, stained, with blank pages."""

import io
import tempfile

import pikepdf
import pytest
from PIL import Image, ImageDraw

from documents.received.scans import (
    ScannedPage,
    Sheaf,
    UnreadablePile,
    extract,
    group,
    read_pages,
    thumbnail,
)

from . import papers
from .papers import blank, pile, sheet, turned

REFERENCE = "ENT-2022-34337-C-K7XJ4R"
OTHER = "ENT-2022-34003-D-9WFT6H"

BAD_SCANS = {
    "as-printed": lambda page: page,
    "upside-down": lambda page: turned(page, 180),
    "on-its-left-side": lambda page: turned(page, 90),
    "on-its-right-side": lambda page: turned(page, 270),
    "skewed-3-degrees": lambda page: turned(page, 3),
    "skewed-7-degrees": lambda page: turned(page, -7),
    "skewed-13-degrees": lambda page: turned(papers.shrunk(page, 0.8), 13),
    "upside-down-and-skewed": lambda page: turned(page, 176),
    "noisy": papers.noisy,
    "speckled": papers.speckled,
    "blurred": papers.blurred,
    "pale": papers.pale,
    "grey-copy": papers.greyed,
    "faxed": papers.faxed,
    "one-hundred-dpi": lambda page: papers.at_resolution(page, 100),
    "badly-compressed": papers.compressed,
    "shaded": papers.shaded,
    "shrunk": papers.shrunk,
    "signed-over": papers.signed_over,
    "stained": papers.stained,
    "slanted": papers.slanted,
    "copy-of-a-copy": lambda page: papers.faxed(papers.blurred(papers.noisy(page, 20), 0.8), 150),
    "skewed-noisy-and-pale": lambda page: papers.pale(papers.noisy(turned(page, 4), 20), 120),
    "upside-down-faxed": lambda page: papers.faxed(turned(page, 182)),
}


def read(*pages: Image.Image) -> list[ScannedPage]:
    content = pile(*pages)
    return list(read_pages(content, range(1, len(pages) + 1)))


@pytest.mark.parametrize("name", BAD_SCANS)
def test_a_bad_scan_is_recognised(name):
    (page,) = read(BAD_SCANS[name](sheet(REFERENCE)))
    assert page.reference == REFERENCE
    assert not page.is_blank


# Of a code at the place of `sheet`, in mm.
CODE_CENTRE = (210 * 0.78 + 12, 297 / 25 + 12)
STAMP_DPI = 200


def stamped_scan(seed: int, *, colours: bool, again: float = 0) -> Image.Image:
    """A page stamped over its code; printed `again` at its foot, that many mm wide, if any."""
    page = sheet(REFERENCE, dpi=STAMP_DPI)
    if again:
        second = papers.code(REFERENCE, STAMP_DPI, again)
        page.paste(second, (page.width // 12, page.height - second.height - page.height // 40))
    page = papers.stamped(page, seed, centre=CODE_CENTRE, dpi=STAMP_DPI)
    return papers.scanned(page if colours else page.convert("L"), seed)


def found(pages) -> list[str]:
    content = pile(*pages, dpi=STAMP_DPI)
    return [page.reference for page in read_pages(content, range(1, len(pages) + 1))]


@pytest.mark.parametrize("colours", [False, True], ids=["grey", "colours"])
def test_a_code_is_read_under_the_stamp_of_a_town_hall(colours):
    scans = [stamped_scan(seed, colours=colours) for seed in range(20)]
    assert found(scans) == [REFERENCE] * 20


def test_a_code_printed_again_elsewhere_is_read_where_black_and_white_hides_the_first():
    """Nothing tells a stamp from what is printed under it, when all that is dark is black."""
    twice = [papers.faxed(stamped_scan(seed, colours=False, again=18)) for seed in range(20)]
    once = [papers.faxed(stamped_scan(seed, colours=False)) for seed in range(5)]
    assert found(twice) == [REFERENCE] * 20
    assert found(once) == [""] * 5


@pytest.mark.parametrize(("fed", "rotation"), [(0, 0), (90, 90), (180, 180), (270, 270), (5, 0)])
def test_the_code_tells_how_to_set_the_page_upright(fed, rotation):
    (page,) = read(turned(sheet(REFERENCE), fed))
    assert page.rotation == rotation


@pytest.mark.parametrize(
    "page",
    [
        blank(),
        papers.noisy(blank(), 12),
        papers.speckled(blank(), 0.0004),
        papers.greyed(blank()),
        papers.pale(sheet(lines=40), 232),
        papers.shaded(blank()),
    ],
    ids=["white", "noisy", "dusty", "recycled-paper", "bleed-through", "shaded"],
)
def test_the_back_of_a_sheet_is_blank(page):
    assert read(page)[0].is_blank


def test_the_scanner_edges_and_punch_holes_are_not_writing():
    page = blank()
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, 25, page.height), fill=30)
    for height in (600, 1100):
        draw.ellipse((30, height, 65, height + 35), fill=10)
    assert read(page)[0].is_blank


@pytest.mark.parametrize("treatment", [lambda p: p, papers.pale, papers.noisy, papers.shaded])
def test_one_line_or_a_signature_is_writing(treatment):
    line = treatment(sheet(lines=1, words="Fait à Montpellier, le 10 octobre 2022"))
    signature = blank()
    ImageDraw.Draw(signature).line(
        [(300, 900), (380, 820), (420, 930), (520, 840), (640, 900)], fill=60, width=4
    )
    assert [page.is_blank for page in read(line, treatment(signature))] == [False, False]


def test_a_code_that_is_not_ours_names_no_document():
    page = sheet()
    page.paste(papers.code("x").resize((200, 200)), (900, 60))  # Too short for a reference.
    assert read(page)[0].reference == ""


def test_the_printed_words_name_the_document_when_the_code_is_gone():
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(595, 842))
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
    page.Contents = pdf.make_stream(f"BT /F 9 Tf 300 700 Td (Document {REFERENCE}) Tj ET".encode())
    buffer = io.BytesIO()
    pdf.save(buffer)
    assert next(read_pages(buffer.getvalue(), [1])).reference == REFERENCE


def two_on_one(first: str, second: str) -> Image.Image:
    """Two papers fed at once, the second one over the foot of the first."""
    page = sheet(first)
    page.paste(sheet(second, lines=2).crop((0, 0, page.width, 500)), (0, page.height - 500))
    return page


@pytest.mark.parametrize("fed", [0, 180])
def test_a_page_of_two_documents_names_both(fed):
    (page,) = read(turned(two_on_one(REFERENCE, OTHER), fed))
    assert {page.reference, *page.others} == {REFERENCE, OTHER}
    assert len(page.others) == 1
    assert page.rotation == fed


def test_a_reference_printed_twice_on_a_page_is_one():
    (page,) = read(two_on_one(REFERENCE, REFERENCE))
    assert (page.reference, page.others) == (REFERENCE, ())


# --- The pile ---------------------------------------------------------------
def test_a_page_of_two_documents_opens_a_sheaf_of_its_own():
    pages = read(sheet(REFERENCE), two_on_one(REFERENCE, OTHER), sheet(), sheet(OTHER))
    first, doubtful, last = group(pages)
    assert (first.reference, first.others) == (REFERENCE, ())
    assert {doubtful.reference, *doubtful.others} == {REFERENCE, OTHER}
    assert [number for number, _ in doubtful.pages] == [2, 3]
    assert (last.reference, last.others) == (OTHER, ())


def test_pages_follow_their_first_one_until_another_document_and_blank_ones_are_dropped():
    pages = read(
        sheet(),  # Whose is it?
        sheet(REFERENCE),
        blank(),
        sheet(),
        blank(),
        sheet(REFERENCE),  # The signatures bear the code again.
        turned(sheet(OTHER), 180),
        turned(sheet(), 180),
        blank(),
    )
    assert group(pages) == [
        Sheaf("", ((1, 0),)),
        Sheaf(REFERENCE, ((2, 0), (4, 0), (6, 0))),
        Sheaf(OTHER, ((7, 180), (8, 180))),
    ]


def test_a_pile_of_blank_pages_holds_nothing():
    assert group(read(blank(), blank())) == []


def test_the_pages_of_a_document_are_taken_out_upright_with_their_images_untouched():
    content = pile(sheet(REFERENCE), turned(sheet(OTHER), 180), turned(sheet(), 180))
    copy = extract(content, [(2, 180), (3, 180)])
    assert [(p.reference, p.rotation) for p in read_pages(copy, [1, 2])][:1] == [(OTHER, 0)]
    with pikepdf.open(io.BytesIO(content)) as before, pikepdf.open(io.BytesIO(copy)) as after:
        (image,), (kept,) = (
            before.pages[1].get_images().values(),
            after.pages[0].get_images().values(),
        )
        assert image.read_raw_bytes() == kept.read_raw_bytes()
    assert extract(content, [(2, 180), (3, 180)]) == copy


def small(content: bytes, number: int, rotation: int = 0) -> Image.Image:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        return Image.open(io.BytesIO(thumbnail(file, number, rotation)))


def test_a_thumbnail_is_small_and_upright():
    image = small(pile(turned(sheet(), 90)), 1, 90)
    assert image.height > image.width
    assert max(image.size) < 1000


def test_a_thumbnail_that_cannot_be_drawn_is_grey():
    image = small(pile(sheet())[:200], 1, 90)
    assert image.width > image.height
    assert image.getcolors() == [(image.width * image.height, 220)]


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 rien", pile(blank())[:200]])
def test_a_damaged_pile_is_refused(content):
    with pytest.raises(UnreadablePile):
        list(read_pages(content, [1]))
    with pytest.raises(UnreadablePile):
        extract(content, [(1, 0)])


def test_a_page_too_large_for_memory_is_unreadable():
    pdf = pikepdf.new()
    page = pdf.add_blank_page()
    image = pdf.make_stream(
        b"",
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=60000,
        Height=60000,
        ColorSpace=pikepdf.Name.DeviceGray,
        BitsPerComponent=8,
    )
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(I=image))
    page.Contents = pdf.make_stream(b"q 100 0 0 100 0 0 cm /I Do Q")
    enormous = pdf.add_blank_page(page_size=(14400, 14400))
    enormous.Contents = pdf.make_stream(b"0 0 14000 9000 re f")
    buffer = io.BytesIO()
    pdf.save(buffer)
    large, following = read_pages(buffer.getvalue(), [1, 2])
    assert large == ScannedPage(1, is_unreadable=True)
    assert following == ScannedPage(2)
    assert small(buffer.getvalue(), 1).getextrema() == (220, 220)
