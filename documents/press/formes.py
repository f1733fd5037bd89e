"""Formes: the pages of a laid-out document, taken apart so that other words may fill them.

A forme is what stands when the words of the blocks are taken out: the operators of the pages
with slots, and the file that WeasyPrint made, whose other objects hardly change.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import pydyf
from weasyprint import Document
from weasyprint.document import DocumentMetadata
from weasyprint.formatting_structure import boxes
from weasyprint.layout.replaced import replacedbox_layout
from weasyprint.matrix import Matrix
from weasyprint.pdf import _w3c_date_to_pdf

from documents.press.copies import Copy
from documents.press.pdf_objects import Blank, Plate, begin, end, final, number_of
from documents.press.plain import EmbeddedFile, carrying, make
from documents.press.structure import elements
from documents.press.typesetting import (
    CannotSet,
    Drawn,
    Emblem,
    Figure,
    Measure,
    Setting,
    type_name,
    type_of,
)

# The foot of each page, a block like another.
FOLIO = -1
_FOLIO_WIDTH = 300
# Beginnings of pages remembered in a process, 5 kB each: common articles, the latest others.
_REMEMBERED = 500

_TEXT_PLACE = re.compile(rb"1 0 0 -1 (\S+) (\S+) Tm")
_FIGURE_PLACE = re.compile(rb"1 0 0 1 (\S+) (\S+) cm")


Contents = Mapping[int, Setting | Figure]


@dataclass(frozen=True, eq=False)
class TextSlot:
    """Where a run stands: which one, and its baseline from the top of the page (CSS pixels)."""

    block: int
    line: int
    run: int
    y: float

    @property
    def key(self) -> tuple[int, ...]:
        return self.block, self.line, self.run

    def filled(self, setting: Setting) -> bytes:
        run = setting.lines[self.line][self.run]
        return _placed(run.x, self.y) + run.operators


@lru_cache(maxsize=5_000)
def _placed(x: float, y: float) -> bytes:
    """Return the operator that places words on a page."""
    stream = pydyf.Stream()
    stream.set_text_matrix(*Matrix(d=-1, e=x, f=y).values)
    return stream.stream[0] + b"\n"


@dataclass(frozen=True, eq=False)
class FigureSlot:
    """Where a figure stands: its box, and its corner from the top of the page (CSS pixels)."""

    block: int
    box: boxes.ReplacedBox
    x: float
    y: float

    @property
    def key(self) -> tuple[int, ...]:
        return (self.block,)

    def filled(self, figure: Figure) -> bytes:
        stream = pydyf.Stream()
        stream.set_matrix(1, 0, 0, 1, self.x, self.y)
        return stream.stream[0] + b"\n" + figure.operators(self.box)


Slot = TextSlot | FigureSlot


@dataclass(frozen=True, eq=False)
class Page:
    """A page: the number of its stream, its operators with slots where words go.

    `end` begins with its foot, which bears the reference and is like no other.
    """

    stream: int
    pieces: list[bytes | Slot]
    end: list[bytes | Slot]

    @cached_property
    def blocks(self) -> tuple[int, ...]:
        return tuple(piece.block for piece in self.pieces if not isinstance(piece, bytes))

    def filled(self, contents: Contents, folio: Setting) -> bytes:
        """Return its stream. What comes before its foot is remembered deflated."""
        begun, checksum = _begun(self, tuple(contents[block] for block in self.blocks))
        feet = iter([folio])
        return end(begun, checksum, b"\n" + _joined(self.end, feet))


@lru_cache(maxsize=_REMEMBERED)
def _begun(page: Page, contents: tuple[Setting | Figure, ...]) -> tuple[bytes, int]:
    return begin(_joined(page.pieces, iter(contents)))


def _joined(pieces: Sequence[bytes | Slot], contents: Iterator) -> bytes:
    return b"\n".join(
        piece if isinstance(piece, bytes) else piece.filled(next(contents)) for piece in pieces
    )


@dataclass(frozen=True, eq=False)
class Forme:
    """The pages of one shape, and the file that they are printed in.

    What changes in the file from one document to the next is kept apart: outlines, figures
    and resources with what changes left out, the others by their numbers.
    """

    plate: Plate
    pages: list[Page]
    outlines: list[Blank]
    figures: list[Blank]
    resources: Blank
    images: list[int]
    information: pydyf.Dictionary
    metadata: int
    files: list[int]

    def print(
        self,
        copy: Copy,
        contents: Contents,
        folios: Sequence[Setting],
        files: Sequence[EmbeddedFile],
        identifier: str,
    ) -> bytes:
        """Return the file of a document of this shape."""
        pages = {
            page.stream: page.filled(contents, folio)
            for page, folio in zip(self.pages, folios, strict=True)
        }
        figures = [content for content in contents.values() if isinstance(content, Figure)]
        streams = pages | self.streams(copy, figures, files)
        return self.plate.file(identifier, streams, self.dictionaries(copy, figures))

    def streams(
        self, copy: Copy, figures: Sequence[Figure], files: Sequence[EmbeddedFile]
    ) -> dict[int, bytes]:
        """Return the streams that a document has beside its pages, by number."""
        carried = carrying(copy.metadata, files)
        items = [carried.objects[_metadata(carried)], *_embedded(carried)]
        items += [image for _, image in _images(figures)]
        numbers = [self.metadata, *self.files, *self.images]
        return {number: final(item) for number, item in zip(numbers, items, strict=True)}

    def dictionaries(self, copy: Copy, figures: Sequence[Figure]) -> dict[int, bytes]:
        """Return what names, in a document, its articles and its images, by number."""
        items = {self.information.number: _informed(self.information, copy.metadata).data}
        for outline, heading in zip(self.outlines, copy.headings(), strict=True):
            items[outline.number] = outline.filled(pydyf.String(heading))
        for element, figure in zip(self.figures, figures, strict=True):
            items[element.number] = element.filled(pydyf.String(figure.title))
        images = zip(_images(figures), self.images, strict=True)
        names = pydyf.Dictionary({name: b"%d 0 R" % number for (name, _), number in images})
        items[self.resources.number] = self.resources.filled(names)
        return items


def _images(figures: Sequence[Figure]) -> list[tuple[str, pydyf.Stream]]:
    return [figure.x_object() for figure in figures if isinstance(figure, Emblem)]


def _metadata(pdf) -> int:
    return number_of(pdf.catalog["Metadata"])


def _embedded(pdf) -> list[pydyf.Stream]:
    streams = [item for item in pdf.objects if isinstance(item, pydyf.Stream)]
    return [item for item in streams if item.extra.get("Type") == "/EmbeddedFile"]


def _informed(information: pydyf.Dictionary, metadata: DocumentMetadata) -> pydyf.Dictionary:
    """Return what WeasyPrint writes of a document with that metadata in its /Info."""
    told = {
        "Title": metadata.title,
        "Author": ", ".join(metadata.authors),
        "Subject": metadata.description,
        "CreationDate": _w3c_date_to_pdf(metadata.created, "created"),
    }
    told = {name: pydyf.String(told[name]) for name in told if name in information}
    return pydyf.Dictionary(information | told)


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
            types[name] = type_of(run)
    return Measure(left, width, align, types)


def lock_up(
    document: Document,
    copy: Copy,
    contents: Contents,
    folios: Sequence[Setting],
    files: Sequence[EmbeddedFile],
) -> Forme:
    """Take a document apart: what stands, and what its words make.

    Raises CannotSet if its words, set here, are not what WeasyPrint made of them.
    """
    document.fonts = Drawn()
    pdf = make(document, files)
    pdf.add_object(pdf.info)
    resources = next(item for item in pdf.objects if isinstance(item, dict) and "XObject" in item)
    pages = _pages(document, pdf, contents, folios)
    outlines = [item for item in pdf.objects if isinstance(item, dict) and "Dest" in item]
    elements_of_figures = elements(pdf, "/Figure")
    images = [number_of(reference) for reference in resources["XObject"].values()]
    embedded = [item.number for item in _embedded(pdf)]
    given = {item.number for item in (*outlines, *elements_of_figures, resources, pdf.info)}
    given |= {page.stream for page in pages} | {_metadata(pdf), *images, *embedded}
    forme = Forme(
        Plate(pdf, given),
        pages,
        [Blank(outline, "Title") for outline in outlines],
        [Blank(element, "Alt") for element in elements_of_figures],
        Blank(resources, "XObject"),
        images,
        pdf.info,
        _metadata(pdf),
        embedded,
    )
    figures = [content for content in contents.values() if isinstance(content, Figure)]
    for number, content in forme.streams(copy, figures, files).items():
        if content != final(pdf.objects[number]):
            raise CannotSet(f"a stream that is not WeasyPrint's: {content[:80]!r}")
    for number, content in forme.dictionaries(copy, figures).items():
        if content != pdf.objects[number].data:
            raise CannotSet(f"an object that is not WeasyPrint's: {content[:80]!r}")
    return forme


def _pages(document, pdf, contents, folios) -> list[Page]:
    lines_before: dict[int, int] = {}
    left = {key for block, content in contents.items() for key in content.keys(block)}
    pages = []
    for page, folio, reference in zip(document.pages, folios, pdf.page_references, strict=True):
        if page.links or page.anchors:
            raise CannotSet("links")
        stream = pdf.objects[number_of(pdf.objects[number_of(reference)]["Contents"])]
        slots = _text_slots(page, contents, lines_before) | _figure_slots(page._page_box)
        left -= {slot.key for slot in slots.values()}
        operators = list(map(pydyf._to_bytes, stream.stream))
        pages.append(_page(stream.number, operators, slots, contents | {FOLIO: folio}))
    if left:
        raise CannotSet(f"words that no page shows: {left}")
    return pages


def _place(x, y) -> tuple[float, float]:
    return round(float(x), 3), round(float(y), 3)


def _text_slots(page, contents, lines_before) -> dict[tuple, Slot]:
    """Return the slots of a page by place; `lines_before` counts the lines of blocks so far."""
    slots: dict[tuple, Slot] = {}
    for block, _, _, runs in _lines(page._page_box):
        if block not in contents and block != FOLIO:
            continue
        line = 0
        if block != FOLIO:
            # The head of a table starts again on each page.
            line = lines_before.get(block, 0) % len(contents[block].lines)
            lines_before[block] = line + 1
        for number, run in enumerate(runs):
            if run.text.strip():
                y = run.position_y + run.baseline
                slots["text", *_place(run.position_x, y)] = TextSlot(block, line, number, y)
    return slots


def _figure_slots(page_box) -> dict[tuple, Slot]:
    slots: dict[tuple, Slot] = {}
    for box in page_box.descendants(placeholders=True):
        if isinstance(box, boxes.ReplacedBox):
            block = int(box.element.attrib["data-block"])
            *_, x, y = replacedbox_layout(box)
            box = box.copy()
            box.replacement = None
            slots["figure", *_place(x, y)] = FigureSlot(block, box, x, y)
    return slots


def _page(number, operators, slots, contents) -> Page:
    """Cut the operators of a page at its slots, and prove that the words are the ones there."""
    pieces: list[bytes | Slot] = []
    standing: list[bytes] = []
    foot = position = 0
    is_figure = False
    while position < len(operators):
        operator = operators[position]
        is_figure = operator == b"/Figure" or (is_figure and operator != b"EMC")
        if is_figure:
            place, kind, end_mark = _FIGURE_PLACE.fullmatch(operator), "figure", b"EMC"
        else:
            place, kind, end_mark = _TEXT_PLACE.fullmatch(operator), "text", b"ET"
        slot = slots.pop((kind, *_place(place[1], place[2])), None) if place else None
        if slot is None:
            standing.append(operator)
            position += 1
            continue
        stop = operators.index(end_mark, position)
        if slot.filled(contents[slot.block]) != b"\n".join(operators[position:stop]):
            raise CannotSet(f"block {slot.block} is not what its page shows")
        pieces.append(b"\n".join(standing))
        if slot.block == FOLIO:
            foot = len(pieces)
        pieces.append(slot)
        standing = []
        position = stop
    pieces.append(b"\n".join(standing))
    if (
        slots
        or not foot
        or any(isinstance(piece, (TextSlot, FigureSlot)) for piece in pieces[foot + 1 :])
    ):
        raise CannotSet(f"words without a place, or after the foot of the page: {slots}")
    return Page(number, pieces[:foot], pieces[foot:])
