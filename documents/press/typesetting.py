"""Words into lines of glyphs, one block at a time, as WeasyPrint itself sets them.

Private functions of WeasyPrint are called here, and none is changed.
"""

import html as entities
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from xml.etree import ElementTree

import pydyf
from weasyprint import DEFAULT_OPTIONS
from weasyprint.draw.text import draw_first_line
from weasyprint.formatting_structure import boxes
from weasyprint.images import RasterImage, SVGImage, get_image_from_uri
from weasyprint.layout.replaced import replacedbox_layout
from weasyprint.matrix import Matrix
from weasyprint.pdf.fonts import Font, build_fonts_dictionary
from weasyprint.pdf.stream import Stream
from weasyprint.text.ffi import FROM_UNITS, pango
from weasyprint.text.line_break import Layout, line_size, split_first_line

from documents.press.plain import FETCHER, OPTIONS, warm_press

# Blocks, and lines, remembered in a process: those of common articles, and the latest others.
_REMEMBERED = 10_000

# Glyphs that a document may use: the languages of France and its neighbours, each a character
# that the faces have. Ligatures and plain spaces come first: of two characters with one glyph,
# the first is what a reader copies.
CASE = " ".join(
    (
        "fi fl",
        "".join(map(chr, range(0x21, 0x7F))),
        "".join(map(chr, (*range(0xA1, 0xAD), *range(0xAE, 0x100)))),
        "ŒœŸ ĆćČčŁłŚśŞşŠšŽž",
        "‐ – — ‘ ’ ‚ “ ” „ … • ‹ › € ™ − × ≤ ≥ □ \u00a0 \u202f",
    )
)
_FACES = "<p>{0}</p><p><b>{0}</b></p><p><i>{0}</i></p><p><b><i>{0}</i></b></p>"

_TAGS = re.compile(r"(<[^<>]+>)")
_TAG = re.compile(r'<(/?)(\w+)(?: class="([^"]*)")?\s*/?>')
SPACES = re.compile(r"[ \t\r\n\f]+")
_FACE = re.compile(rb"/(\w+) \S+ Tf")
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_PATH = re.compile(r' d="([^"]*)"')
_STROKES = re.compile(r"(?:M\d+ \d+\.5L\d+ \d+\.5)+")
_SVG = "http://www.w3.org/2000/svg"
# What a style says of how its words are shaped and how wide they are.
_SPOKEN = (
    *("font_family", "font_size", "font_style", "font_weight", "font_stretch", "font_kerning"),
    *("font_variant_ligatures", "font_variant_position", "font_variant_caps"),
    *("font_variant_numeric", "font_variant_alternates", "font_variant_east_asian"),
    *("font_feature_settings", "font_variation_settings", "font_language_override", "lang"),
    *("direction", "letter_spacing", "word_spacing", "text_transform", "text_decoration_line"),
    *("white_space", "overflow_wrap", "word_break", "hyphens", "hyphenate_character", "tab_size"),
)


class CannotSet(Exception):
    """Something that only WeasyPrint can print: a glyph outside the type case, a photograph."""


class _Sealed(dict):
    """Glyphs or fonts that painting may read and not add to."""

    def __setitem__(self, key, value) -> None:
        raise CannotSet(key)


@cache
def type_case() -> dict[int, Font]:
    """Return the faces by WeasyPrint's key, each subset once to every glyph a document may use.

    What a file holds then depends on its text alone, never on the documents before it.
    """
    characters = entities.escape(CASE)
    html = f'<html lang="fr"><title>–</title><body>{_FACES.format(characters)}</body></html>'
    fonts: dict[int, Font] = {}
    for page in warm_press().lay_out(html).pages:
        page.paint(Stream(fonts, None, {"ExtGState": {}}, {}, None, {}, None))
    build_fonts_dictionary(pydyf.PDF(), fonts, True, True, DEFAULT_OPTIONS)
    for font in fonts.values():
        font.widths, font.to_unicode = _Sealed(font.widths), _Sealed(font.to_unicode)
        font.missing = _Sealed()
        font.clean = lambda *_: None
    return _Sealed(fonts)


class Drawn(dict):
    """The faces that a document shows, noted in the type case while it is painted."""

    def __contains__(self, key) -> bool:
        if key not in type_case():
            raise CannotSet("a face that is not the product's")
        self.setdefault(key, type_case()[key])
        return True


class Type:
    """How words of one style are set. Two that say the same of words are the same."""

    def __init__(self, box: boxes.TextBox) -> None:
        """Take the style of `box`, which held some."""
        self._said = tuple(str(box.style[name]) for name in _SPOKEN)
        self.style = box.style
        self._box = box

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Type) and self._said == other._said

    def __hash__(self) -> int:
        return hash(self._said)

    @cached_property
    def layout(self) -> Layout | None:
        """One line, to be filled again and again; None where words move spaces apart."""
        return None if self.style["word_spacing"] else Layout(self.style)

    def cased(self, text: str) -> str:
        return text.upper() if self.style["text_transform"] == "uppercase" else text

    @cached_property
    def _stream(self) -> Stream:
        return Stream(type_case(), None, {}, {}, None, {}, None)

    def drawn(self, layout: Layout) -> list[bytes]:
        """Return the operators that show a line, after the one that places it."""
        box, stream = self._box, self._stream
        box.text, box.pango_layout = layout.text, layout
        stream.stream.clear()
        stream._current_font = None
        draw_first_line(stream, box, "clip", "none", Matrix(d=-1))
        return stream.stream[1:]


@lru_cache(maxsize=500)
def _same(type_: Type) -> Type:
    return type_


def type_of(box: boxes.TextBox) -> Type:
    """Return the type of a box's words: one for all that are alike."""
    return _same(Type(box.copy()))


@dataclass(eq=False)
class Measure:
    """Where and how a block is set: its edge and width (CSS pixels), its types by name.

    The type "" is the block's own; others are named by an inline tag and its class.
    """

    left: float
    width: float
    align: str
    types: dict[str, Type]


@dataclass(frozen=True)
class Run:
    """Glyphs on one line: their distance from the page's edge, the operators that show them."""

    x: float
    operators: bytes


@dataclass(frozen=True, eq=False)
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

    @cached_property
    def title(self) -> str:
        found = _TITLE.search(self.words)
        return plain_words(found[1]) if found else ""

    def keys(self, block: int) -> Iterator[tuple[int, ...]]:
        yield (block,)

    def operators(self, box: boxes.ReplacedBox) -> bytes:
        """Return what draws it in the place of `box`, once the pen is there."""
        return _svg(self, box.width, box.height)


@dataclass(frozen=True, eq=False)
class Emblem:
    """An image file, given in full, in a box whose size does not follow from it."""

    source: str
    title: str
    shape = ("emblem",)

    @cached_property
    def image(self) -> RasterImage:
        image = get_image_from_uri({}, FETCHER, OPTIONS, self.source)
        if not isinstance(image, RasterImage):
            raise CannotSet("an image that cannot be read")
        return image

    def keys(self, block: int) -> Iterator[tuple[int, ...]]:
        yield (block,)

    def operators(self, box: boxes.ReplacedBox) -> bytes:
        """Return what draws it in the place of `box`, once the pen is there."""
        box = box.copy()
        box.replacement = self.image
        stream = Stream({}, None, {"XObject": {}}, {}, None, {}, None)
        width, height, *_ = replacedbox_layout(box)
        stream.push_state()
        self.image.draw(stream, width, height, box.style)
        return b"\n".join((*map(pydyf._to_bytes, stream.stream), b"Q", b"Q"))

    def x_object(self) -> tuple[str, pydyf.Stream]:
        """Return its name in the resources of a page, and the object."""
        name = Stream({}, None, {"XObject": {}}, {}, None, {}, None).add_image(self.image, False, 1)
        return name, self.image.get_x_object(False, 1)


Figure = Picture | Emblem


def type_name(tag: str, css_class: str | None) -> str:
    return f"{tag}.{css_class}" if css_class else tag


def plain_words(words: str) -> str:
    """Return the text of a block's HTML."""
    return entities.unescape(_TAGS.sub("", words))


@lru_cache(maxsize=_REMEMBERED)
def set_block(measure: Measure, words: str) -> Setting | None:
    """Set `words` (text and inline tags) in lines.

    Its shape is the types of each line that the author ended, and of each line it is broken
    into, the height, the baseline and the faces that show something.
    None when only a whole layout can tell: nested tags, or several types on several lines.
    Raises CannotSet.
    """
    lines: list[tuple[Run, ...]] = []
    shape = []
    for named in _runs_by_line(words):
        kinds = tuple(kind for kind, _ in named)
        if not measure.types.keys() >= set(kinds):
            return None
        runs = [(measure.types[kind], measure.types[kind].cased(text)) for kind, text in named]
        broken = _one_line(measure, runs) if len(runs) > 1 else list(_broken(measure, runs))
        if broken is None:
            return None
        lines += [line for line, _ in broken]
        shape.append((kinds, tuple(metrics for _, metrics in broken)))
    return Setting(tuple(lines), tuple(shape))


def _runs_by_line(words: str) -> list[list[tuple[str, str]]]:
    """Return the (type, text) of each line that the author ended, spaces collapsed."""
    lines: list[list[tuple[str, str]]] = [[]]
    kinds = [""]
    for piece in _TAGS.split(words):
        if not piece.startswith("<"):
            text = SPACES.sub(" ", entities.unescape(piece))
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


def _one_line(measure: Measure, runs) -> list | None:
    """Set several types on a line, if they hold on it."""
    shown = []
    x = measure.left
    for type_, text in runs:
        line = _line(type_, text)
        shown.append((x, line))
        x += line.width
    width = x - measure.left - _last_space(type_, text, line.width)
    if width > measure.width:
        return None
    shift = _shift(measure, width)
    placed = tuple(Run(x + shift, line.operators) for x, line in shown)
    return [(placed, tuple(line.metrics for _, line in shown))]


def _broken(measure: Measure, runs) -> Iterator[tuple]:
    """Break one type in lines."""
    for type_, text in runs:
        while text:
            line = _line(type_, text, measure.width)
            width = line.width
            if not line.resume:
                width -= _last_space(type_, text, width)
            run = Run(measure.left + _shift(measure, width), line.operators)
            yield (run,), (line.metrics,)
            text = text.encode()[line.resume :].decode().lstrip(" ") if line.resume else ""


@dataclass(frozen=True)
class _Line:
    """The first line of a text: the byte at which the next one starts, what shows it."""

    width: float
    resume: int | None
    operators: bytes
    metrics: tuple


def _line(type_: Type, text: str, width: float | None = None) -> _Line:
    """Set the first line of `text`, at most `width` wide."""
    whole = _whole_line(type_, text)
    if whole and (width is None or whole.width <= width):
        return whole
    return _first_line(type_, text, width)


@lru_cache(maxsize=_REMEMBERED)
def _whole_line(type_, text) -> _Line | None:
    """Set `text` on one line as `split_first_line` does, in one layout; None when it is several."""
    layout = type_.layout
    if layout is None:
        return None
    pango.pango_layout_set_single_paragraph_mode(layout.layout, False)
    layout.set_text(text)
    first_line, resume = layout.get_first_line()
    if resume is not None:
        return None
    width, height = line_size(first_line, type_.style)
    baseline = pango.pango_layout_get_baseline(layout.layout) * FROM_UNITS
    return _shown(type_.drawn(layout), width, None, height, baseline)


@lru_cache(maxsize=_REMEMBERED)
def _first_line(type_, text, max_width) -> _Line:
    layout, _, resume, width, height, baseline = split_first_line(
        text, type_.style, None, max_width, 0
    )
    layout.reactivate(type_.style)
    line = _shown(type_.drawn(layout), width, resume, height, baseline)
    layout.deactivate()
    return line


def _shown(operators, width, resume, height, baseline) -> _Line:
    faces = tuple(face[1] for face in map(_FACE.fullmatch, operators) if face)
    return _Line(width, resume, b"\n".join(operators), (height, baseline, faces))


def _last_space(type_: Type, text: str, width: float) -> float:
    """Return the room of a space that ends a block: WeasyPrint shows it and does not count it."""
    bare = text.rstrip(" ")
    return width - _line(type_, bare).width if bare and bare != text else 0


def _shift(measure: Measure, width: float) -> float:
    space = measure.width - width
    if measure.align == "start" or space <= 0:
        return 0
    return space / 2 if measure.align == "center" else space


@lru_cache(maxsize=16)
def _svg(picture: Picture, width: float, height: float) -> bytes:
    """Return the operators that draw a picture in a corner, at a size in CSS pixels."""
    words = _TITLE.sub("", picture.words)
    path = _PATH.search(words)
    if not path or not _STROKES.fullmatch(path[1]):
        return b"\n".join(_drawing(words, width, height))
    # A QR code is one path of some hundred strokes: only these change from one to the next.
    before, after = words[: path.start(1)], words[path.end(1) :]
    operators = _drawing(f"{before}M0 0L1 0{after}", width, height)
    stroke = operators.index(b"1 0 l") - 1
    strokes = path[1][1:].replace("L", " m\n").replace("M", " l\n").encode() + b" l"
    return b"\n".join((*operators[:stroke], strokes, *operators[stroke + 2 :]))


@lru_cache(maxsize=64)
def _drawing(words: str, width: float, height: float) -> tuple[bytes, ...]:
    # The product draws its pictures: nothing that a person typed comes this way unescaped.
    tree = ElementTree.fromstring(f'<svg xmlns="{_SVG}"{words}</svg>')  # noqa: S314
    resources: dict[str, dict] = {"ExtGState": {}, "XObject": {}, "Pattern": {}, "Shading": {}}
    stream = Stream({}, None, resources, {}, None, {}, None)
    stream.push_state()
    SVGImage(tree, None, None, None).draw(stream, width, height, None)
    if resources.pop("ExtGState").keys() - {"a1.0", "A1.0"} or any(resources.values()):
        raise CannotSet("a picture of several shades")
    return (*map(pydyf._to_bytes, stream.stream), b"Q", b"Q")
