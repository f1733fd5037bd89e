"""Formes: the pages of a laid-out document, taken apart so that other words may fill them.

A document is read as a mark-up and the words of its blocks (paragraph, heading, cell…). A
forme is what stands when the words are taken out: the operators of its pages with slots, and
the elements of its structure.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import pydyf
from weasyprint import DEFAULT_OPTIONS, Document
from weasyprint.formatting_structure import boxes
from weasyprint.matrix import Matrix
from weasyprint.pdf import generate_pdf

from documents.press.pdf_objects import Fragment, number_of
from documents.press.plain import VARIANT
from documents.press.typesetting import (
    CannotSet,
    Measure,
    Picture,
    Setting,
    draw_picture,
    plain_words,
    type_name,
)

OPTIONS = DEFAULT_OPTIONS | {
    "pdf_variant": VARIANT,
    "pdf_version": "1.7",
    "output_intent": "srgb",
}
# The foot of each page, a block like another.
FOLIO = -1
_FOLIO_WIDTH = 300

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
_NEVER_KEPT = re.compile(r"<(?:a|img|input|object|embed|link|style)\b")
_HEADING = re.compile(r"<h[1-6]\b[^<>]*>$")

_TEXT_PLACE = re.compile(rb"1 0 0 -1 (\S+) (\S+) Tm")
_PICTURE_PLACE = re.compile(rb"1 0 0 1 (\S+) (\S+) cm")
_FACE = re.compile(rb"/(\w+) \S+ Tf")


@dataclass(frozen=True)
class Copy:
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

    def headings(self) -> Iterator[str]:
        """Yield the headings in order, as bookmarks name them."""
        for _, before, words in self.tags():
            if _HEADING.search(before):
                yield plain_words(words)

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


def read(html: str) -> Copy:
    """Raises CannotSet when `html` holds what is never kept standing."""
    document = _DOCUMENT.fullmatch(html)
    if not document or _NEVER_KEPT.search(html):
        raise CannotSet("a link, an image file or a style, or not a whole document")
    head, body_tag, reference, body = document.groups(default="")
    markup, words = [], []
    end = 0
    for block in _BLOCK.finditer(body):
        group = 2 if block[1] else 4
        markup.append(body[end : block.start(group)])
        words.append(block[group])
        end = block.end()
    return Copy(head, body_tag, reference, (*markup, body[end:]), tuple(words))


@dataclass(frozen=True)
class TextSlot:
    """Where a run stands: which one, and its baseline from the top of the page (CSS pixels)."""

    block: int
    line: int
    run: int
    y: float

    @property
    def key(self) -> tuple[int, ...]:
        return self.block, self.line, self.run

    def operators(self, setting: Setting) -> Iterator[bytes]:
        run = setting.lines[self.line][self.run]
        yield _placed(run.x, self.y)
        yield from run.operators


@lru_cache(maxsize=5_000)
def _placed(x: float, y: float) -> bytes:
    """Return the operator that places words on a page."""
    stream = pydyf.Stream()
    stream.set_text_matrix(*Matrix(d=-1, e=x, f=y).values)
    return stream.stream[0]


@dataclass(frozen=True)
class PictureSlot:
    """Where a picture stands, and how large (CSS pixels)."""

    block: int
    x: float
    y: float
    width: float
    height: float

    @property
    def key(self) -> tuple[int, ...]:
        return (self.block,)

    def operators(self, picture: Picture) -> Iterator[bytes]:
        stream = pydyf.Stream()
        stream.set_matrix(1, 0, 0, 1, self.x, self.y)
        stream.push_state()
        yield from stream.stream
        yield from draw_picture(picture, self.width, self.height)
        yield from (b"Q", b"Q")


@dataclass(frozen=True)
class Page:
    """A page: its operators with slots where words go, its elements by marked content."""

    number: int
    size: tuple[float, float]
    bleed: dict[str, float]
    pieces: list
    bookmarks: list[tuple]
    elements: list[int]


@dataclass(frozen=True)
class Forme:
    """The pages of one shape, and the elements of their structure; numbers are their own."""

    pages: list[Page]
    graphics: dict[str, pydyf.Dictionary]
    faces: list[str]
    structure: Fragment
    figures: list[pydyf.Dictionary]
    root: int
    top: list[int]


def filled(piece, contents) -> Iterator[bytes]:
    """Yield the operators of a piece of a page, its slots filled."""
    if isinstance(piece, bytes):
        yield piece
    else:
        yield from piece.operators(contents[piece.block])


def _lines(box, block=None, frame=None) -> Iterator[tuple]:
    """Yield (block, box around the line, line, its runs) for the lines that may be set again.

    Those in a box as wide as its words are left: other words would move its edges.
    """
    if isinstance(box, boxes.MarginBox):
        block = FOLIO
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


def measures_in(document: Document) -> Iterator[tuple[int, Measure]]:
    """Yield the number of a block and its measure, for each line that may be set again."""
    for page in document.pages:
        for block, *line in _lines(page._page_box):
            yield block, _measure_of(block, *line)


def _measure_of(block, frame, line, runs) -> Measure:
    align = line.style["text_align_all"]
    align = {"left": "start", "right": "end"}.get(align, align)
    left, width = frame.content_box_x(), frame.width
    if block == FOLIO:
        # As wide as its words: it keeps the edge against which it stands.
        left, width = left + width - _FOLIO_WIDTH, _FOLIO_WIDTH
    types = {}
    for run in runs:
        is_own = block == FOLIO or "data-block" in run.element.attrib
        name = "" if is_own else type_name(run.element.tag, run.element.get("class"))
        if align != "justify" and run.style["text_decoration_line"] == "none":
            types[name] = run
    return Measure(left, width, align, types)


def lock_up(
    document: Document, set_blocks: dict[int, Setting | Picture], folios: list[Setting]
) -> Forme:
    """Take the pages of a document apart: what stands, and slots for its words.

    Raises CannotSet if the words, set here, are not what the pages show.
    """
    pdf = generate_pdf(document, None, 1, **OPTIONS)
    root, marked, resources = landmarks(pdf)
    if resources["XObject"] or resources["Pattern"] or resources["Shading"]:
        raise CannotSet("a picture of points or shades")
    elements = [item for item in pdf.objects if _is_element(item) and item is not root]
    figures = [item for item in elements if item["S"] == "/Figure"]
    lines_before: dict[int, int] = {}
    left = {key for block, content in set_blocks.items() for key in content.keys(block)}
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
        left -= {slot.key for slot in slots.values()}
        pages.append(
            Page(
                number=number,
                size=(page.width, page.height),
                bleed=page.bleed,
                pieces=_pieces(operators, slots, set_blocks | {FOLIO: folio}),
                bookmarks=page.bookmarks,
                elements=list(map(number_of, references)),
            )
        )
    if left:
        raise CannotSet(f"words that no page shows: {left}")
    return Forme(
        pages=pages,
        graphics=dict(resources["ExtGState"]),
        faces=sorted(faces),
        structure=Fragment([item for item in elements if item not in figures]),
        figures=figures,
        root=root.number,
        top=list(map(number_of, root["K"])),
    )


def landmarks(pdf: pydyf.PDF) -> tuple[pydyf.Dictionary, list, pydyf.Dictionary]:
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


def _text_slots(page, set_blocks, lines_before) -> dict[tuple, TextSlot]:
    """Return the slots of a page by place; `lines_before` counts the lines of blocks so far."""
    slots = {}
    for block, _, _, runs in _lines(page._page_box):
        if block not in set_blocks and block != FOLIO:
            continue
        line = 0
        if block != FOLIO:
            # The head of a table starts again on each page.
            line = lines_before.get(block, 0) % len(set_blocks[block].lines)
            lines_before[block] = line + 1
        for number, run in enumerate(runs):
            if run.text.strip():
                y = run.position_y + run.baseline
                slots["text", *_place(run.position_x, y)] = TextSlot(block, line, number, y)
    return slots


def _picture_slots(page_box) -> dict[tuple, PictureSlot]:
    slots = {}
    for box in page_box.descendants(placeholders=True):
        if isinstance(box, boxes.ReplacedBox):
            block = int(box.element.attrib["data-block"])
            x, y = box.content_box_x(), box.content_box_y()
            slots["picture", *_place(x, y)] = PictureSlot(block, x, y, box.width, box.height)
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
        if list(filled(slot, contents)) != operators[position:stop]:
            raise CannotSet(f"block {slot.block} is not what its page shows")
        pieces += [b"\n".join(standing), slot]
        standing = []
        position = stop
    if slots:
        raise CannotSet(f"words without a place: {slots}")
    return [*pieces, b"\n".join(standing)]
