"""Standing type: pages laid out once, kept, and printed again with other words.

Printers kept "standing type" between two printings of a text that hardly changes. Two
documents share their pages when they have the same mark-up and each of their blocks
(paragraph, heading, cell…) takes as many lines: nothing on the page moves, only the glyphs
differ. So a document is read as a mark-up and its blocks; each block is set in lines, and
remembered (`typesetting`); the pages of that shape are filled with the lines. A shape never
seen is laid out by WeasyPrint, proved (its own words, set here, must be what the pages show)
and kept as a forme.

Nothing here knows which words vary in a campaign, nor depends on what was printed before:
one way or the other, the same document gives the same bytes. On another version of WeasyPrint
than VERSION everything is printed plainly.
"""

import logging
from collections import OrderedDict
from collections.abc import Sequence
from functools import cache

import pydyf
from django.conf import settings
from weasyprint import HTML, Attachment, Document
from weasyprint import __version__ as weasyprint_version
from weasyprint.document import DocumentMetadata
from weasyprint.formatting_structure import boxes
from weasyprint.html import get_html_metadata
from weasyprint.pdf import generate_pdf

from documents.press import plain
from documents.press.formes import (
    FOLIO,
    OPTIONS,
    Copy,
    Forme,
    Page,
    filled,
    landmarks,
    lock_up,
    measures_in,
    read,
)
from documents.press.pdf_objects import file_of, number_of
from documents.press.typesetting import CannotSet, Measure, Picture, Setting, set_block, type_case

logger = logging.getLogger(__name__)

VERSION = "70.0"
# Formes kept in a process, some 200 kB each. A region's conventions have about sixty shapes.
_KEPT = 300

# What the style sheet prints at the foot of each page, its spaces collapsed.
_FOLIO = "{reference} · page {page} / {pages}"


def print_pdf(html: str, attachments: Sequence[Attachment] = ()) -> tuple[bytes, int]:
    """Print a whole document, its attachments embedded: return the PDF and its number of pages.

    The pages are those of `plain.print_plainly`, which is used when this way cannot be.
    """
    # An image is a collectivity's own: there is nothing to keep standing.
    if not settings.STANDING_TYPE or weasyprint_version != VERSION or "<img" in html:
        return plain.print_plainly(html, attachments)
    try:
        with plain.warm_press().lock, plain.collector_paused():
            return _print(read(html), html, attachments)
    except CannotSet as reason:
        logger.info("Printed plainly: %s", reason)
    except Exception:  # A short cut that fails must not keep a document from being printed.
        logger.exception("Standing type failed: printed plainly")
    return plain.print_plainly(html, attachments)


class _StandingType:
    """The formes of a process, and the measures of each mark-up's blocks."""

    def __init__(self) -> None:
        self._measures: OrderedDict[tuple, dict[int, Measure]] = OrderedDict()
        self._formes: OrderedDict[tuple, Forme] = OrderedDict()

    def forme_of(self, copy: Copy) -> tuple[Forme, dict[int, Setting | Picture]]:
        """Return the forme that fits `copy`, laid out if need be, and its blocks in lines."""
        set_blocks = self._set(copy)
        key = _key(copy, set_blocks)
        if key not in self._formes:
            document = plain.warm_press().lay_out(copy.numbered_html())
            document.fonts = type_case().fonts
            labels = [label for page in document.pages for _, label, *_ in page.bookmarks]
            if labels != list(copy.headings()):
                raise CannotSet("headings that are not bookmarks")
            self._measure(copy, document)
            set_blocks = self._set(copy)
            key = _key(copy, set_blocks)
            folios = [
                self.folio(copy, number, len(document.pages))
                for number in range(1, len(document.pages) + 1)
            ]
            _keep(self._formes, key, lock_up(document, set_blocks, folios))
        self._formes.move_to_end(key)
        return self._formes[key], set_blocks

    def folio(self, copy: Copy, page: int, pages: int) -> Setting:
        """Set the foot of a page."""
        measure = self._measures[copy.skeleton].get(FOLIO)
        words = _FOLIO.format(reference=copy.reference, page=page, pages=pages)
        setting = measure and set_block(measure, words)
        if not setting:
            raise CannotSet("the foot of the pages")
        return setting

    def _set(self, copy: Copy) -> dict[int, Setting | Picture]:
        """Set each block that may be; the others are not in the result."""
        measures = self._measures.get(copy.skeleton, {})
        if measures:
            self._measures.move_to_end(copy.skeleton)
        set_blocks: dict[int, Setting | Picture] = {}
        for block, before, words in copy.tags():
            if before.endswith("<svg"):
                set_blocks[block] = Picture(words)
            elif block in measures and (setting := set_block(measures[block], words)):
                set_blocks[block] = setting
        return set_blocks

    def _measure(self, copy: Copy, document: Document) -> None:
        """Note the measure of each block, and the types that others of its kind did not show."""
        measures = self._measures.get(copy.skeleton, {})
        _keep(self._measures, copy.skeleton, measures)
        for block, seen in measures_in(document):
            known = measures.get(block)
            if known is None or seen.types.keys() - known.types.keys():
                seen.types.update(known.types if known else {})
                measures[block] = seen


def _keep(kept: OrderedDict, key: tuple, value) -> None:
    """Keep `value` as the latest; the oldest goes when there are too many."""
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > _KEPT:
        kept.popitem(last=False)


@cache
def _standing_type() -> _StandingType:
    return _StandingType()


def _key(copy: Copy, set_blocks: dict[int, Setting | Picture]) -> tuple:
    """What makes a forme fit: the mark-up, the lines of each block, the words of the others."""
    return copy.skeleton, tuple(
        set_blocks[block].shape if block in set_blocks else words
        for block, words in enumerate(copy.words)
    )


class _PrintedPage:
    """What WeasyPrint asks of a page while it writes a PDF."""

    links: tuple = ()
    anchors: dict = {}
    forms: dict = {}

    def __init__(self, page: Page, bookmarks, operators, graphics) -> None:
        self.width, self.height = page.size
        self.bleed = page.bleed
        self.bookmarks = bookmarks
        self._operators = operators
        self._graphics = graphics
        # The structure is added whole afterwards: this page has no boxes to show.
        self._page_box = boxes.PageBox.__new__(boxes.PageBox)
        self._page_box.element, self._page_box.children = None, ()

    def paint(self, stream, scale):
        stream.stream[:] = [self._operators]
        stream._resources["ExtGState"].update(self._graphics)


def _print(copy: Copy, html: str, attachments) -> tuple[bytes, int]:
    standing = _standing_type()
    forme, set_blocks = standing.forme_of(copy)
    headings = copy.headings()
    pages = []
    for number, page in enumerate(forme.pages, 1):
        contents = set_blocks | {FOLIO: standing.folio(copy, number, len(forme.pages))}
        operators = b"\n".join(
            operator for piece in page.pieces for operator in filled(piece, contents)
        )
        bookmarks = [(level, next(headings), *place) for level, _, *place in page.bookmarks]
        pages.append(_PrintedPage(page, bookmarks, operators, forme.graphics))
    warm = plain.warm_press()
    head = HTML(string=f"{copy.head}</html>", url_fetcher=warm.fetcher)
    metadata = DocumentMetadata(**get_html_metadata(head))
    plain.declare_accessible(metadata)
    document = Document(pages, metadata, warm.fetcher, warm.fonts, {}, "srgb")
    pdf = generate_pdf(document, None, 1, **OPTIONS | {"attachments": list(attachments)})
    _add_structure(pdf, forme, [item for item in set_blocks.values() if isinstance(item, Picture)])
    _add_fonts(pdf, forme.faces)
    return file_of(pdf, plain.identifier_of(html)), len(pages)


def _add_structure(pdf: pydyf.PDF, forme: Forme, pictures: list[Picture]) -> None:
    root, marked, _ = landmarks(pdf)
    pages = map(number_of, pdf.page_references)
    numbers = dict(zip((page.number for page in forme.pages), pages, strict=True))
    numbers[forme.root] = root.number
    figures = []
    for figure, picture in zip(forme.figures, pictures, strict=True):
        figures.append(pydyf.Dictionary(figure | {"Alt": pydyf.String(picture.title)}))
        pdf.add_object(figures[-1])
        numbers[figure.number] = figures[-1].number
    numbers = forme.structure.add_to(pdf, numbers)
    for figure in figures:
        figure["Pg"], figure["P"] = (
            b"%d 0 R" % numbers[number_of(figure[key])] for key in ("Pg", "P")
        )
    root["K"].extend(b"%d 0 R" % numbers[element] for element in forme.top)
    for page, references in zip(forme.pages, marked, strict=True):
        references.extend(b"%d 0 R" % numbers[element] for element in page.elements)


def _add_fonts(pdf: pydyf.PDF, faces: list[str]) -> None:
    fonts = pydyf.Dictionary()
    for face in faces:
        objects, number = type_case().faces[face]
        fonts[face] = b"%d 0 R" % objects.add_to(pdf, {})[number]
    pdf.add_object(fonts)
    landmarks(pdf)[2]["Font"] = fonts.reference
