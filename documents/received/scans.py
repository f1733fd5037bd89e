"""A pile of scanned papers, told apart by the QR codes that were printed on them.

Each page says which issued document it is of, which way up it is, and whether it is
blank; the pages that follow a recognised one belong to it until another is recognised.

Pages are drawn and taken out by a process of its own (`incoming.confined`): run as
a program, this module reads a PDF on its input, does one of `_WORKS` on it, and writes the
result on its output.
"""

import io
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import IO, Any

import pikepdf
import pypdfium2
import zxingcpp
from PIL import Image, ImageChops, ImageFilter, ImageOps, ImageStat

from documents.received import drawing
from documents.received.bounds import open_pdf
from incoming import confined

# Read by one process, which takes longer to start than to read a page.
PAGES_AT_ONCE = 8
# Dots per inch: what most scanners send, then finer for a small or damaged code.
RESOLUTIONS = (200, 300)
THUMBNAIL_RESOLUTION = 75
_ABSENT = Image.new("L", (620, 877), 220)

# In the address that a code leads to, and in the words beside it.
_REFERENCE = re.compile(r"/verifier/([A-Za-z0-9-]{4,60})/?$")
_PRINTED = re.compile(r"Document\s*([A-Z]{2,6}-\d{4}(?:-[A-Z0-9]{1,9}){2,5})")
_QR_CODE = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
# In hundredths of the pixels of a page, what is surely ink and what is surely paper; between
# both, of 255 shades, the one that print is darker than.
_BLACK_AND_WHITE = (0.1, 40)
_DARK_AS_PRINT = 56
# Blank: less than this share of its surface is darker than its paper by so many shades.
_INK_SHARE = 0.0006
_INK_DARKNESS = 22
_DARK_PAGE = 90
# A share of each side: shadows and punch holes of the scanner are there.
_MARGIN = 0.06
_BLANK_RESOLUTION = 75


@dataclass(frozen=True)
class ScannedPage:
    """A page of a pile. `number` counts from 1; `rotation` is the degrees, clockwise, that
    set it upright (0, 90, 180, 270), None when nothing on the page tells. `others` are the
    references of further documents that it bears: then none of them is known to be its own.
    An unreadable one could not be drawn within the limits, or not at all.
    """

    number: int
    reference: str = ""
    rotation: int | None = None
    is_blank: bool = False
    others: tuple[str, ...] = ()
    is_unreadable: bool = False


@dataclass(frozen=True)
class Sheaf:
    """The pages of one document, blank ones left out; without reference when unrecognised.

    `pages` are (number, rotation in degrees clockwise); `others`, as of its first page.
    """

    reference: str
    pages: tuple[tuple[int, int], ...]
    others: tuple[str, ...] = ()


class UnreadablePile(Exception):
    """The file is not a PDF that can be opened."""


def read_pages(content: bytes, numbers: Iterable[int]) -> Iterator[ScannedPage]:
    """Yield what each of these pages (counted from 1) of a PDF is.

    A page that cannot be drawn, or breaks the limits, is unreadable; those around it are read.
    Raises UnreadablePile.
    """
    waiting = list(numbers)
    with tempfile.TemporaryFile() as pile:
        pile.write(content)
        while waiting:
            together, waiting = waiting[:PAGES_AT_ONCE], waiting[PAGES_AT_ONCE:]
            yield from _read_together(pile, together)


def _read_together(pile: IO[bytes], numbers: list[int]) -> Iterator[ScannedPage]:
    """Yield these pages, read by one process; each by its own where one of them ends it."""
    try:
        answer = json.loads(_ask(pile, "read", numbers=numbers))
    except confined.Failed:
        if len(numbers) > 1:
            for number in numbers:
                yield from _read_together(pile, [number])
        else:
            yield ScannedPage(numbers[0], is_unreadable=True)
        return
    if answer is None:
        raise UnreadablePile
    for page in answer:
        yield ScannedPage(**page | {"others": tuple(page["others"])})


def thumbnail(pile: IO[bytes], number: int, rotation: int = 0) -> bytes:
    """Return a small picture (PNG) of a page, turned by `rotation` degrees clockwise.

    A page that cannot be drawn is grey.
    """
    try:
        return drawing.draw(pile, number, resolution=THUMBNAIL_RESOLUTION, rotation=rotation)
    except confined.Failed:
        buffer = io.BytesIO()
        _ABSENT.rotate(-rotation, expand=True).save(buffer, "PNG")
        return buffer.getvalue()


def group(pages: Iterable[ScannedPage]) -> list[Sheaf]:
    """Return the documents of a pile, in its order.

    Pages fed the same way follow each other: one that does not tell its way up is set as
    the last one that did.
    """
    sheaves: list[tuple[tuple[str, tuple[str, ...]], list[tuple[int, int]]]] = []
    rotation = 0
    for page in pages:
        if page.is_blank:
            continue
        if page.rotation is not None:
            rotation = page.rotation
        named = (page.reference, page.others)
        if not sheaves or (page.reference and named != sheaves[-1][0]):
            sheaves.append((named, []))
        sheaves[-1][1].append((page.number, rotation))
    return [Sheaf(reference, tuple(pages), others) for (reference, others), pages in sheaves]


def extract(content: bytes, pages: Sequence[tuple[int, int]]) -> bytes:
    """Return a PDF of these pages (number, rotation), upright; their images are not touched.

    The same pages give the same bytes. Raises UnreadablePile.
    """
    try:
        return confined.run_on(content, __name__, "extract", json.dumps({"pages": pages}))
    except confined.Failed as failure:
        raise UnreadablePile(str(failure)) from None


def _ask(pile: IO[bytes], work: str, **arguments: Any) -> bytes:
    return confined.run(__name__, work, json.dumps(arguments), file=pile)


# --- The program -----------------------------------------------------------------
def _read(content: bytes, *, numbers: list[int]) -> bytes:
    """Return the pages as JSON; null when the file cannot be opened."""
    try:
        pile = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError:
        return b"null"
    return json.dumps([asdict(_read_page(pile, number)) for number in numbers]).encode()


def _extract(content: bytes, *, pages: list[tuple[int, int]]) -> bytes:
    with open_pdf(content, recover=True) as pile, pikepdf.new() as copy:
        for number, rotation in pages:
            copy.pages.append(pile.pages[number - 1])
            copy.pages[-1].rotate(rotation, relative=True)
        copy.remove_unreferenced_resources()
        buffer = io.BytesIO()
        copy.save(buffer, deterministic_id=True)
    return buffer.getvalue()


def _read_page(pile, number: int) -> ScannedPage:
    try:
        page = pile[number - 1]
        if drawing.is_too_large(page):
            return ScannedPage(number, is_unreadable=True)
        if is_blank(drawing.render(page, _BLANK_RESOLUTION)):
            return ScannedPage(number, is_blank=True)
        for resolution in RESOLUTIONS:
            if codes := _find_codes(drawing.render(page, resolution)):
                (reference, rotation), *others = codes.items()
                return ScannedPage(number, reference, rotation, others=tuple(dict(others)))
        reference = _printed_reference(page)
        return ScannedPage(number, reference, 0 if reference else None)
    except pypdfium2.PdfiumError:
        return ScannedPage(number, is_unreadable=True)


def _find_codes(image: Image.Image) -> dict[str, int]:
    """Return the rotation by reference of the codes of ours, trying harder until there is one."""
    for treatment in (_as_it_is, _without_stamps, _softened):
        codes = zxingcpp.read_barcodes(treatment(image), formats=_QR_CODE)
        found = {
            match[1]: _upright(code.orientation)
            for code in codes
            if (match := _REFERENCE.search(code.text))
        }
        if found:
            return found
    return {}


def _as_it_is(image: Image.Image) -> Image.Image:
    return image


def _without_stamps(image: Image.Image) -> Image.Image:
    """What is as black as a printer's ink, and nothing else: a stamp's is paler, even black."""
    stretched = ImageOps.autocontrast(image, cutoff=_BLACK_AND_WHITE)
    return stretched.point(lambda shade: 255 * (shade > _DARK_AS_PRINT))


def _softened(image: Image.Image) -> Image.Image:
    """Without grain, and with what a bad copy broke joined again."""
    return image.filter(ImageFilter.BoxBlur(1.5))


def _upright(orientation: int) -> int:
    """Return the quarter turns, in degrees clockwise, that undo a code's orientation."""
    return round(-orientation / 90) * 90 % 360


def _printed_reference(page) -> str:
    """Return the reference in the page's own words: a scanner that reads, or a PDF not scanned."""
    text = page.get_textpage().get_text_bounded().replace("\n", "").replace("\r", "")
    match = _PRINTED.search(text)
    return match[1] if match else ""


def is_blank(image: Image.Image) -> bool:
    """Tell whether nothing is written on a page drawn in grey: dust and bleed-through apart."""
    across, down = (int(side * _MARGIN) for side in image.size)
    inside = image.crop((across, down, image.width - across, image.height - down))
    if ImageStat.Stat(inside).mean[0] < _DARK_PAGE:
        return False
    # Each place is compared with the paper around it: shade is not ink.
    around = inside.reduce(8).filter(ImageFilter.MaxFilter(5)).filter(ImageFilter.GaussianBlur(2))
    paper = around.resize(inside.size, Image.Resampling.BILINEAR)
    # A speck is smaller than a stroke of a pen.
    darkness = ImageChops.subtract(paper, inside.filter(ImageFilter.BoxBlur(1)))
    ink = sum(darkness.histogram()[_INK_DARKNESS:])
    return ink < _INK_SHARE * inside.width * inside.height


_WORKS: dict[str, Callable[..., bytes]] = {"read": _read, "extract": _extract}


if __name__ == "__main__":
    work, arguments = sys.argv[1:]
    sys.stdout.buffer.write(_WORKS[work](sys.stdin.buffer.read(), **json.loads(arguments)))
