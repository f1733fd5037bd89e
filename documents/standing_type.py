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
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import pydyf
from django.conf import settings
from weasyprint import DEFAULT_OPTIONS, HTML, Attachment, Document
from weasyprint import __version__ as weasyprint_version
from weasyprint.document import DocumentMetadata
from weasyprint.formatting_structure import boxes
from weasyprint.html import get_html_metadata
from weasyprint.matrix import Matrix
from weasyprint.pdf import generate_pdf

from documents import press
from documents.pdf_objects import Fragment, file_of, number_of
from documents.typesetting import (
    CannotSet,
    Measure,
    Picture,
    Setting,
    draw_picture,
    plain_words,
    set_block,
    type_case,
    type_name,
)

logger = logging.getLogger(__name__)

VERSION = "70.0"
# Formes kept in a process, some 200 kB each. A region's conventions have about sixty shapes.
_KEPT = 300

_OPTIONS = DEFAULT_OPTIONS | {
    "pdf_variant": press.VARIANT,
    "pdf_version": "1.7",
    "output_intent": "srgb",
}
_DOCUMENT = re.compile(
    r'(.*)(<body\b[^<>]*?)(?: data-reference="([^"]*)")?>(.*)</body>\s*</html>\s*', re.DOTALL
)
_TEXT_TAG = r"(?:p|h[1-6]|li|th|td|caption)"
_INLINE_TAG = r"</?(?:br|span|em|strong)\b[^<>]*>"
_BLOCK = re.compile(
    rf"(<{_TEXT_TAG}\b[^<>]*>)((?:[^<]++|{_INLINE_TAG})*+)(?=</{_TEXT_TAG}>)"
    r"|(<svg)(\b.*?)(?=</svg>)",
    re.DOTALL,
)
_NEVER_KEPT = re.compile(r"<(?:a|img|input|object|embed)\b")
_HEADING = re.compile(r"<h[1-6]\b[^<>]*>$")
# What the style sheet prints at the foot of each page, its spaces collapsed.
_FOLIO = "{reference} · page {page} / {pages}"
_FOLIO_BLOCK = -1
_FOLIO_WIDTH = 300

_TEXT_PLACE = re.compile(rb"1 0 0 -1 (\S+) (\S+) Tm")
_PICTURE_PLACE = re.compile(rb"1 0 0 1 (\S+) (\S+) cm")
_FACE = re.compile(rb"/(\w+) \S+ Tf")


def print_pdf(html: str, attachments: Sequence[Attachment] = ()) -> tuple[bytes, int]:
    """Print a whole document, its attachments embedded: return the PDF and its number of pages.

    The pages are those of `press.print_plainly`, which is used when this way cannot be.
    """
    if not settings.STANDING_TYPE or weasyprint_version != VERSION:
        return press.print_plainly(html, attachments)
    try:
        with press.warm_press().lock, press.collector_paused():
            return _print(_read(html), html, attachments)
    except CannotSet as reason:
        logger.info("Printed plainly: %s", reason)
        return press.print_plainly(html, attachments)


# --- Reading: a mark-up, and the words of its blocks ---


@dataclass(frozen=True)
class _Copy:
    """A document as it goes to the compositor.

    `markup` is the body without what its blocks hold, cut after the opening tag of each;
    `words` is what each holds: text and inline tags, or what is inside an <svg>.
    """

    head: str
    body_tag: str
    reference: str
    markup: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def skeleton(self) -> tuple[str, ...]:
        return (self.body_tag, *self.markup)

    def tags(self) -> Iterator[tuple[int, str, str]]:
        """Yield (block, what stands before and its opening tag, its words)."""
        for block, words in enumerate(self.words):
            yield block, self.markup[block], words

    def numbered_html(self) -> str:
        """Return the whole document with the number of each block on its tag."""
        pieces = [f'{self.head}{self.body_tag} data-reference="{self.reference}">']
        for block, before, words in self.tags():
            start, tag, attributes = _last_tag(before)
            pieces.append(f'{start}{tag} data-block="{block}"{attributes}{words}')
        return "".join((*pieces, self.markup[-1], "</body></html>"))


def _last_tag(before: str) -> tuple[str, str, str]:
    """Cut '…</p><h2 class="a">' into '…</p>', '<h2', ' class="a">'."""
    start = before.rindex("<")
    end = start + re.match(r"<\w+", before[start:]).end()
    return before[:start], before[start:end], before[end:]


def _read(html: str) -> _Copy:
    """Raises CannotSet when `html` holds what is never kept standing."""
    document = _DOCUMENT.fullmatch(html)
    if not document or _NEVER_KEPT.search(html):
        raise CannotSet("a link or an image file, or not a whole document")
    head, body_tag, reference, body = document.groups(default="")
    markup, words = [], []
    end = 0
    for block in _BLOCK.finditer(body):
        group = 2 if block[1] else 4
        markup.append(body[end : block.start(group)])
        words.append(block[group])
        end = block.end()
    return _Copy(head, body_tag, reference, (*markup, body[end:]), tuple(words))


# --- Formes: the pages of one shape, ready for other words ---


@dataclass(frozen=True)
class _TextSlot:
    """Where a run stands: which one, and its baseline from the top of the page (CSS pixels)."""

    block: int
    line: int
    run: int
    y: float

    def operators(self, setting: Setting) -> Iterator[bytes]:
        run = setting.lines[self.line][self.run]
        stream = pydyf.Stream()
        stream.set_text_matrix(*Matrix(d=-1, e=run.x, f=self.y).values)
        yield from stream.stream
        yield from run.operators


@dataclass(frozen=True)
class _PictureSlot:
    """Where a picture stands, and how large (CSS pixels)."""

    block: int
    x: float
    y: float
    width: float
    height: float

    def operators(self, picture: Picture) -> Iterator[bytes]:
        stream = pydyf.Stream()
        stream.set_matrix(1, 0, 0, 1, self.x, self.y)
        stream.push_state()
        yield from stream.stream
        yield from draw_picture(picture, self.width, self.height)
        yield from (b"Q", b"Q")


@dataclass(frozen=True)
class _Page:
    """A page: its operators with slots where words go, its elements by marked content."""

    number: int
    size: tuple[float, float]
    bleed: dict[str, float]
    pieces: list
    bookmarks: list[tuple]
    elements: list[int]


@dataclass(frozen=True)
class _Forme:
    """The pages of one shape, and the elements of their structure; numbers are their own."""

    pages: list[_Page]
    graphics: dict[str, pydyf.Dictionary]
    faces: list[str]
    structure: Fragment
    figures: list[pydyf.Dictionary]
    root: int
    top: list[int]


def _filled(piece, contents) -> Iterator[bytes]:
    """Yield the operators of a piece of a page, its slots filled."""
    if isinstance(piece, bytes):
        yield piece
    else:
        yield from piece.operators(contents[piece.block])


class _StandingType:
    """The formes of a process, and the measures of each mark-up's blocks."""

    def __init__(self):
        self._measures: OrderedDict[tuple, dict[int, Measure]] = OrderedDict()
        self._formes: OrderedDict[tuple, _Forme] = OrderedDict()

    def forme_of(self, copy: _Copy) -> tuple[_Forme, dict[int, Setting | Picture]]:
        """Return the forme that fits `copy`, laid out if need be, and its blocks in lines."""
        set_blocks = self._set(copy)
        key = _key(copy, set_blocks)
        if key not in self._formes:
            document = press.warm_press().lay_out(copy.numbered_html())
            document.fonts = type_case().fonts
            self._measure(copy, document)
            set_blocks = self._set(copy)
            key = _key(copy, set_blocks)
            folios = [
                self.folio(copy, number, len(document.pages))
                for number in range(1, len(document.pages) + 1)
            ]
            _keep(self._formes, key, _lock_up(document, set_blocks, folios))
        self._formes.move_to_end(key)
        return self._formes[key], set_blocks

    def folio(self, copy: _Copy, page: int, pages: int) -> Setting:
        """Set the foot of a page."""
        measure = self._measures[copy.skeleton].get(_FOLIO_BLOCK)
        words = _FOLIO.format(reference=copy.reference, page=page, pages=pages)
        setting = measure and set_block(measure, words)
        if not setting:
            raise CannotSet("the foot of the pages")
        return setting

    def _set(self, copy: _Copy) -> dict[int, Setting | Picture]:
        """Set each block that may be; the others are not in the result."""
        measures = self._measures.get(copy.skeleton, {})
        set_blocks: dict[int, Setting | Picture] = {}
        for block, before, words in copy.tags():
            if before.endswith("<svg"):
                set_blocks[block] = Picture(words)
            elif block in measures and (setting := set_block(measures[block], words)):
                set_blocks[block] = setting
        return set_blocks

    def _measure(self, copy: _Copy, document: Document) -> None:
        """Note the measure of each block, and the types that others of its kind did not show."""
        measures = self._measures.get(copy.skeleton, {})
        _keep(self._measures, copy.skeleton, measures)
        for page in document.pages:
            for block, *line in _lines(page._page_box):
                seen = _measure_of(block, *line)
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


def _key(copy: _Copy, set_blocks: dict[int, Setting | Picture]) -> tuple:
    """What makes a forme fit: the mark-up, the lines of each block, the words of the others."""
    return copy.skeleton, tuple(
        set_blocks[block].shape if block in set_blocks else words
        for block, words in enumerate(copy.words)
    )


def _lines(box, block=None, frame=None) -> Iterator[tuple]:
    """Yield (block, box around the line, line, its runs) for the lines that may be set again.

    Those in a box as wide as its words are left: other words would move its edges.
    """
    if isinstance(box, boxes.MarginBox):
        block = _FOLIO_BLOCK
    elif box.element is not None and "data-block" in box.element.attrib:
        block = int(box.element.attrib["data-block"])
    if isinstance(box, boxes.LineBox) and block is not None:
        runs = [run for run in box.descendants() if isinstance(run, boxes.TextBox)]
        if runs:
            yield block, frame, box, runs
            return
    for child in getattr(box, "children", ()):
        if not (child.element_tag or "").endswith("::marker") and not _fits_its_words(child, box):
            yield from _lines(child, block, box)


def _fits_its_words(box, parent) -> bool:
    if isinstance(box, boxes.TableBox):
        return box.style["table_layout"] != "fixed"
    fits = (
        isinstance(box, (boxes.InlineBlockBox, boxes.InlineFlexBox))
        or isinstance(parent, (boxes.FlexContainerBox, boxes.GridContainerBox))
        or box.style["float"] != "none"
        or box.style["position"] in ("absolute", "fixed")
    )
    return fits and box.style["width"] == "auto" and not isinstance(box, boxes.MarginBox)


def _measure_of(block, frame, line, runs) -> Measure:
    align = line.style["text_align_all"]
    align = {"left": "start", "right": "end"}.get(align, align)
    left, width = frame.content_box_x(), frame.width
    if block == _FOLIO_BLOCK:
        # As wide as its words: it keeps the edge against which it stands.
        left, width = left + width - _FOLIO_WIDTH, _FOLIO_WIDTH
    types = {}
    for run in runs:
        is_own = block == _FOLIO_BLOCK or "data-block" in run.element.attrib
        name = "" if is_own else type_name(run.element.tag, run.element.get("class"))
        if align != "justify" and run.style["text_decoration_line"] == "none":
            types[name] = run
    return Measure(left, width, align, types)


def _lock_up(
    document: Document, set_blocks: dict[int, Setting | Picture], folios: list[Setting]
) -> _Forme:
    """Take the pages of a document apart: what stands, and slots for its words.

    Raises CannotSet if the words, set here, are not what the pages show.
    """
    pdf = generate_pdf(document, None, 1, **_OPTIONS)
    root, marked, resources = _landmarks(pdf)
    if resources["XObject"] or resources["Pattern"] or resources["Shading"]:
        raise CannotSet("a picture of points or shades")
    elements = [item for item in pdf.objects if _is_element(item) and item is not root]
    figures = [item for item in elements if item["S"] == "/Figure"]
    lines_before: dict[int, int] = {}
    pages = []
    faces = set()
    for page, folio, reference, references in zip(
        document.pages, folios, pdf.page_references, marked, strict=True
    ):
        if page.links or page.anchors:
            raise CannotSet("links")
        number = number_of(reference)
        stream = pdf.objects[number_of(pdf.objects[number]["Contents"])]
        operators = list(map(pydyf._to_bytes, stream.stream))
        faces |= {face[1].decode() for face in map(_FACE.fullmatch, operators) if face}
        slots = _text_slots(page, set_blocks, lines_before) | _picture_slots(page._page_box)
        pages.append(
            _Page(
                number=number,
                size=(page.width, page.height),
                bleed=page.bleed,
                pieces=_pieces(operators, slots, set_blocks | {_FOLIO_BLOCK: folio}),
                bookmarks=page.bookmarks,
                elements=list(map(number_of, references)),
            )
        )
    return _Forme(
        pages=pages,
        graphics=dict(resources["ExtGState"]),
        faces=sorted(faces),
        structure=Fragment([item for item in elements if item not in figures]),
        figures=figures,
        root=root.number,
        top=list(map(number_of, root["K"])),
    )


def _landmarks(pdf: pydyf.PDF) -> tuple[pydyf.Dictionary, list, pydyf.Dictionary]:
    """Return the root of the structure, the elements marked on each page, the resources."""
    tree = pdf.objects[number_of(pdf.catalog["StructTreeRoot"])]
    root = pdf.objects[number_of(tree["K"][0])]
    marked = pdf.objects[number_of(tree["ParentTree"])]["Nums"][1::2]
    resources = next(item for item in pdf.objects if isinstance(item, dict) and "XObject" in item)
    return root, marked, resources


def _is_element(item) -> bool:
    return isinstance(item, dict) and item.get("Type") == "/StructElem"


def _place(x, y) -> tuple[float, float]:
    return round(float(x), 3), round(float(y), 3)


def _text_slots(page, set_blocks, lines_before) -> dict[tuple, _TextSlot]:
    """Return the slots of a page by place; `lines_before` counts the lines of blocks so far."""
    slots = {}
    for block, _, _, runs in _lines(page._page_box):
        if block not in set_blocks and block != _FOLIO_BLOCK:
            continue
        line = 0
        if block != _FOLIO_BLOCK:
            # The head of a table starts again on each page.
            line = lines_before.get(block, 0) % len(set_blocks[block].lines)
            lines_before[block] = line + 1
        for number, run in enumerate(runs):
            if run.text.strip():
                y = run.position_y + run.baseline
                slots["text", *_place(run.position_x, y)] = _TextSlot(block, line, number, y)
    return slots


def _picture_slots(page_box) -> dict[tuple, _PictureSlot]:
    slots = {}
    for box in page_box.descendants():
        if isinstance(box, boxes.ReplacedBox):
            block = int(box.element.attrib["data-block"])
            x, y = box.content_box_x(), box.content_box_y()
            slots["picture", *_place(x, y)] = _PictureSlot(block, x, y, box.width, box.height)
    return slots


def _pieces(operators, slots, contents) -> list:
    """Cut the operators of a page at its slots, and prove that the words are the ones there."""
    pieces: list = []
    standing: list[bytes] = []
    position = 0
    is_picture = False
    while position < len(operators):
        operator = operators[position]
        is_picture = operator == b"/Figure" or (is_picture and operator != b"EMC")
        if is_picture:
            place, kind, end = _PICTURE_PLACE.fullmatch(operator), "picture", b"EMC"
        else:
            place, kind, end = _TEXT_PLACE.fullmatch(operator), "text", b"ET"
        slot = slots.pop((kind, *_place(place[1], place[2])), None) if place else None
        if slot is None:
            standing.append(operator)
            position += 1
            continue
        stop = operators.index(end, position)
        if list(_filled(slot, contents)) != operators[position:stop]:
            raise CannotSet(f"block {slot.block} is not what its page shows")
        pieces += [b"\n".join(standing), slot]
        standing = []
        position = stop
    if slots:
        raise CannotSet(f"words without a place: {slots}")
    return [*pieces, b"\n".join(standing)]


# --- Printing ---


class _PrintedPage:
    """What WeasyPrint asks of a page while it writes a PDF."""

    links: tuple = ()
    anchors: dict = {}
    forms: dict = {}

    def __init__(self, page: _Page, bookmarks, operators, graphics):
        self.width, self.height = page.size
        self.bleed = page.bleed
        self.bookmarks = bookmarks
        self._operators = operators
        self._graphics = graphics
        # The structure is added whole afterwards: this page has no boxes to show.
        self._page_box = boxes.PageBox.__new__(boxes.PageBox)
        self._page_box.element, self._page_box.children = None, ()

    def paint(self, stream, scale):
        stream.stream[:] = self._operators
        stream._resources["ExtGState"].update(self._graphics)


def _print(copy: _Copy, html: str, attachments) -> tuple[bytes, int]:
    standing = _standing_type()
    forme, set_blocks = standing.forme_of(copy)
    headings = (plain_words(words) for _, before, words in copy.tags() if _HEADING.search(before))
    pages = []
    for number, page in enumerate(forme.pages, 1):
        contents = set_blocks | {_FOLIO_BLOCK: standing.folio(copy, number, len(forme.pages))}
        operators = [operator for piece in page.pieces for operator in _filled(piece, contents)]
        bookmarks = [(level, next(headings), *place) for level, _, *place in page.bookmarks]
        pages.append(_PrintedPage(page, bookmarks, operators, forme.graphics))
    warm = press.warm_press()
    metadata = DocumentMetadata(**get_html_metadata(HTML(string=f"{copy.head}</html>")))
    press.declare_accessible(metadata)
    document = Document(pages, metadata, warm.fetcher, warm.fonts, {}, "srgb")
    pdf = generate_pdf(document, None, 1, **_OPTIONS | {"attachments": list(attachments)})
    _add_structure(pdf, forme, [item for item in set_blocks.values() if isinstance(item, Picture)])
    _add_fonts(pdf, forme.faces)
    return file_of(pdf, press.identifier_of(html)), len(pages)


def _add_structure(pdf: pydyf.PDF, forme: _Forme, pictures: list[Picture]) -> None:
    root, marked, _ = _landmarks(pdf)
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
    _landmarks(pdf)[2]["Font"] = fonts.reference
