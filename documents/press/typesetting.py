"""Words into lines of glyphs, one block at a time, as WeasyPrint itself sets them.

Private functions of WeasyPrint are called here, and none is changed.
"""

import html as entities
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NoReturn
from xml.etree import ElementTree

import pydyf
from weasyprint import DEFAULT_OPTIONS
from weasyprint.draw.text import draw_first_line
from weasyprint.formatting_structure import boxes
from weasyprint.images import SVGImage
from weasyprint.matrix import Matrix
from weasyprint.pdf.fonts import Font, build_fonts_dictionary
from weasyprint.pdf.stream import Stream
from weasyprint.text.line_break import split_first_line

from documents.press.pdf_objects import Fragment, number_of
from documents.press.plain import warm_press

# Blocks remembered in a process: those of a text's common articles, and the latest others.
_REMEMBERED = 20_000

# Glyphs that a document may use: the languages of France and its neighbours. Ligatures and
# plain spaces come first: of two characters with one glyph, the first is what a reader copies.
_CHARACTERS = " ".join(
    (
        "fi fl",
        "".join(map(chr, range(0x21, 0x7F))),
        "".join(map(chr, (*range(0xA1, 0xAD), *range(0xAE, 0x100)))),
        "ŒœŸ ĆćČčŁłŚśŞşŠšŽž",
        "‐ ‑ – — ‘ ’ ‚ “ ” „ … • ‹ › € ™ − × ≤ ≥ \u00a0 \u202f",
    )
)
_FACES = "<p>{0}</p><p><b>{0}</b></p><p><i>{0}</i></p><p><b><i>{0}</i></b></p>"

_TAGS = re.compile(r"(<[^<>]+>)")
_TAG = re.compile(r'<(/?)(\w+)(?: class="([^"]*)")?\s*/?>')
_SPACES = re.compile(r"[ \t\r\n\f]+")
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_PEN = re.compile(r'(?<= d=")M[\d.]+ [\d.]+(?:h[\d.]+|m-?[\d.]+ [\d.]+)+(?=")')
_STEP = re.compile(r"([Mmh])(-?[\d.]+)(?: ([\d.]+))?")
_SVG = "http://www.w3.org/2000/svg"


class CannotSet(Exception):
    """Something that only WeasyPrint can print: a glyph outside the type case, a photograph."""


class _Sealed(dict):
    """Glyphs or fonts that painting may read and not add to."""

    def __setitem__(self, key: object, value: object) -> NoReturn:
        raise CannotSet(key)


@dataclass(frozen=True)
class TypeCase:
    """The fonts by WeasyPrint's key, and the objects and number of each by its name in a PDF."""

    fonts: dict[int, Font]
    faces: dict[str, tuple[Fragment, int]]


@cache
def type_case() -> TypeCase:
    """Return the faces, each subset once to every glyph that a document may use.

    What a file holds then depends on its text alone, never on the documents before it.
    """
    characters = entities.escape(_CHARACTERS)
    html = f'<html lang="fr"><title>–</title><body>{_FACES.format(characters)}</body></html>'
    fonts: dict[int, Font] = {}
    for page in warm_press().lay_out(html).pages:
        page.paint(Stream(fonts, None, {"ExtGState": {}}, {}, None, {}, None))
    faces = {}
    for key, font in fonts.items():
        pdf = pydyf.PDF()
        start = len(pdf.objects)
        names = build_fonts_dictionary(pdf, {key: font}, True, True, DEFAULT_OPTIONS)
        ((name, reference),) = names.items()
        faces[name] = Fragment(pdf.objects[start:]), number_of(reference)
        font.widths, font.to_unicode = _Sealed(font.widths), _Sealed(font.to_unicode)
        font.missing = _Sealed()
        font.clean = lambda *_: None
    return TypeCase(_Sealed(fonts), faces)


@dataclass(eq=False)
class Measure:
    """Where and how a block is set: its edge and width (CSS pixels), its types by name.

    The type "" is the block's own; others are named by an inline tag and its class.
    """

    left: float
    width: float
    align: str
    types: dict[str, boxes.TextBox]


@dataclass(frozen=True)
class Run:
    """Glyphs on one line: their distance from the page's edge, the operators that show them."""

    x: float
    operators: tuple[bytes, ...]


@dataclass(frozen=True)
class Setting:
    """A block in lines. Two of the same `shape` leave everything else on the page in place."""

    lines: tuple[tuple[Run, ...], ...]
    shape: tuple

    def keys(self, block: int) -> Iterator[tuple[int, ...]]:
        """Yield what names each run that shows something."""
        for line, runs in enumerate(self.lines):
            for number, run in enumerate(runs):
                if run.operators:
                    yield block, line, number


@dataclass(frozen=True)
class Picture:
    """An SVG image: what is inside its element, attributes and content."""

    words: str

    @property
    def shape(self) -> tuple:
        """Its size follows from its attributes and the style sheet."""
        return ("picture", self.words.partition(">")[0])

    def keys(self, block: int) -> Iterator[tuple[int, ...]]:
        yield (block,)

    @property
    def title(self) -> str:
        found = _TITLE.search(self.words)
        return plain_words(found[1]) if found else ""


def type_name(tag: str, css_class: str | None) -> str:
    return f"{tag}.{css_class}" if css_class else tag


def plain_words(words: str) -> str:
    """Return the text of a block's HTML."""
    return " ".join(entities.unescape(_TAGS.sub("", words)).split())


@lru_cache(maxsize=_REMEMBERED)
def set_block(measure: Measure, words: str) -> Setting | None:
    """Set `words` (text and inline tags) in lines.

    None when only a whole layout can tell: nested tags, or several types on several lines.
    Raises CannotSet.
    """
    lines: list[tuple[Run, ...]] = []
    shape = []
    for runs in _runs_by_line(words):
        kinds = tuple(kind for kind, _ in runs)
        if not measure.types.keys() >= set(kinds):
            return None
        broken = _one_line(measure, runs) if len(runs) > 1 else list(_broken(measure, runs))
        if broken is None:
            return None
        lines += broken
        shape.append((kinds, len(broken)))
    return Setting(tuple(lines), tuple(shape))


def _runs_by_line(words: str) -> list[list[tuple[str, str]]]:
    """Return the (type, text) of each line that the author ended, spaces collapsed."""
    lines: list[list[tuple[str, str]]] = [[]]
    kinds = [""]
    for piece in _TAGS.split(words):
        if not piece.startswith("<"):
            text = _SPACES.sub(" ", entities.unescape(piece))
            if not lines[-1] or lines[-1][-1][1].endswith(" "):
                text = text.lstrip(" ")
            if text:
                lines[-1].append(("/".join(kinds[1:]), text))
        elif tag := _TAG.fullmatch(piece):
            closing, name, css_class = tag.groups()
            if name == "br":
                lines.append([])
            elif closing:
                kinds.pop()
            else:
                kinds.append(type_name(name, css_class))
    return lines


def _one_line(measure: Measure, runs) -> list[tuple[Run, ...]] | None:
    """Set several types on a line, if they hold on it."""
    placed = []
    x = measure.left
    for kind, text in runs:
        box = measure.types[kind]
        layout, _, width = _first_line(box, text, None)
        placed.append((x, box, layout))
        x += width
    width = x - measure.left - _last_space(box, text, width)
    if width > measure.width:
        return None
    shift = _shift(measure, width)
    return [tuple(Run(x + shift, _glyphs(box, layout)) for x, box, layout in placed)]


def _broken(measure: Measure, runs) -> Iterator[tuple[Run, ...]]:
    """Break one type in lines."""
    for kind, text in runs:
        box = measure.types[kind]
        while text:
            layout, resume, width = _first_line(box, text, measure.width)
            if not resume:
                width -= _last_space(box, text, width)
            yield (Run(measure.left + _shift(measure, width), _glyphs(box, layout)),)
            text = text.encode()[resume:].decode().lstrip(" ") if resume else ""


def _first_line(box, text, width):
    """Return the first line of `text`, the byte at which the next one starts, its width."""
    text = text.upper() if box.style["text_transform"] == "uppercase" else text
    layout, _, resume, width, *_ = split_first_line(text, box.style, None, width, 0)
    return layout, resume, width


def _last_space(box, text, width):
    """Return the room of a space that ends a block: WeasyPrint shows it and does not count it."""
    bare = text.rstrip(" ")
    return width - _first_line(box, bare, None)[2] if bare and bare != text else 0


def _shift(measure: Measure, width: float) -> float:
    space = measure.width - width
    if measure.align == "start" or space <= 0:
        return 0
    return space / 2 if measure.align == "center" else space


def _glyphs(box, layout) -> tuple[bytes, ...]:
    """Return the operators that show a line, after the one that places it."""
    box = box.copy_with_text(layout.text)
    box.pango_layout = layout
    layout.reactivate(box.style)
    stream = Stream(type_case().fonts, None, {}, {}, None, {}, None)
    draw_first_line(stream, box, "clip", "none", Matrix(d=-1))
    layout.deactivate()
    return tuple(stream.stream[1:])


@lru_cache(maxsize=16)
def draw_picture(picture: Picture, width: float, height: float) -> tuple[bytes, ...]:
    """Return the operators that draw a picture in a corner, at a size in CSS pixels."""
    words = _TITLE.sub("", picture.words)
    pen = _PEN.search(words)
    if not pen:
        return _drawn(words, width, height)
    # A QR code is one path of some hundred strokes: only these change from one to the next.
    operators = _drawn(_PEN.sub("M0 0h1", words), width, height)
    stroke = operators.index(b"1 0 l") - 1
    return (*operators[:stroke], *_strokes(pen[0]), *operators[stroke + 2 :])


@lru_cache(maxsize=64)
def _drawn(words: str, width: float, height: float) -> tuple[bytes, ...]:
    # The product draws its pictures: nothing that a person typed comes this way unescaped.
    tree = ElementTree.fromstring(f'<svg xmlns="{_SVG}"{words}</svg>')  # noqa: S314
    resources: dict[str, dict] = {"ExtGState": {}, "XObject": {}, "Pattern": {}, "Shading": {}}
    stream = Stream({}, None, resources, {}, None, {}, None)
    SVGImage(tree, None, None, None).draw(stream, width, height, None)
    if resources.pop("ExtGState").keys() - {"a1.0", "A1.0"} or any(resources.values()):
        raise CannotSet("a picture of several shades")
    return tuple(map(pydyf._to_bytes, stream.stream))


def _strokes(pen: str) -> Iterator[bytes]:
    """Yield the operators of a path of horizontal strokes, "M4 4.5h7m1 0h3"."""
    x = y = 0.0
    for command, across, down in _STEP.findall(pen):
        if command == "M":
            x, y = float(across), float(down)
        else:
            x, y = x + float(across), y + float(down or 0)
        yield b"%b %b %b" % (*map(pydyf._to_bytes, (x, y)), b"l" if command == "h" else b"m")
