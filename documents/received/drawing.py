"""Pages of received files, drawn by a process of its own (`incoming.confined`).

Run as a program, this module reads a PDF on its input, does one of `_WORKS` on it, and
writes the result on its output.
"""

import io
import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

import pypdfium2
from PIL import Image, ImageChops, ImageFilter

from incoming import confined

POINTS_PER_INCH = 72
# A3 at 300 dots per inch; larger pages are drawn coarser, larger images not at all.
MAX_PIXELS = 18_000_000
MAX_IMAGE_PIXELS = 100_000_000
# Both states of each page are drawn to be compared.
MAX_COMPARED_PAGES = 40
COMPARISON_RESOLUTION = 100
# How far the highlighter runs over what differs, in pixels.
_HIGHLIGHTER = 6
_YELLOW = (255, 235, 90)


@dataclass(frozen=True)
class Differences:
    """What became of a file since its first bytes: pages (from 1) that look otherwise, how many
    there were and are, and how many of them were compared.
    """

    pages: tuple[int, ...]
    before: int
    after: int
    compared: int


# --- Asked for ------------------------------------------------------------------
def draw(file: IO[bytes], number: int, *, resolution: int, rotation: int = 0) -> bytes:
    """Return page `number` (from 1) of a PDF as a PNG in grey.

    `resolution` is in dots per inch, less for a very large page; `rotation` turns it by
    degrees clockwise. Raises confined.Failed.
    """
    return _ask(file, "page", number=number, resolution=resolution, rotation=rotation)


def find_differences(file: IO[bytes], signed_size: int) -> Differences:
    """Return which pages the first `signed_size` bytes draw otherwise than the whole file.

    Raises confined.Failed.
    """
    answer = json.loads(_ask(file, "differences", signed_size=signed_size))
    return Differences(**answer | {"pages": tuple(answer["pages"])})


def draw_compared(file: IO[bytes], number: int, *, signed_size: int, as_signed: bool) -> bytes:
    """Return page `number` as a PNG, what differs between both states highlighted.

    It is drawn as the first `signed_size` bytes say (`as_signed`) or as the whole file does.
    Raises confined.Failed, also when that state has no such page.
    """
    return _ask(file, "compared", number=number, signed_size=signed_size, as_signed=as_signed)


def _ask(file, work: str, **arguments: Any) -> bytes:
    return confined.run(__name__, work, json.dumps(arguments), file=file)


# --- Drawn, here or there --------------------------------------------------------
def render(page: pypdfium2.PdfPage, resolution: int, *, colours: bool = False) -> Image.Image:
    """Return a page as it is displayed, in grey or RGB; coarser when it is very large."""
    width, height = page.get_size()
    scale = resolution / POINTS_PER_INCH
    scale = min(scale, math.sqrt(MAX_PIXELS / max(width * height, 1)))
    drawn = page.render(scale=scale, grayscale=not colours, rev_byteorder=True)
    return drawn.to_pil().convert("RGB" if colours else "L")


def is_too_large(page: pypdfium2.PdfPage) -> bool:
    """Tell whether the page holds an image that would not fit in memory."""
    images = page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])
    return any(math.prod(image.get_px_size()) > MAX_IMAGE_PIXELS for image in images)


# --- The program -----------------------------------------------------------------
def _page(content: bytes, *, number: int, resolution: int, rotation: int) -> bytes:
    page = _open(content)[number - 1]
    if is_too_large(page):
        raise ValueError("an image of this page is too large")
    return _png(render(page, resolution).rotate(-rotation, expand=True))


def _differences(content: bytes, *, signed_size: int) -> bytes:
    before, after = _open(content[:signed_size]), _open(content)
    compared = min(max(len(before), len(after)), MAX_COMPARED_PAGES)
    pages = [number for number in range(1, compared + 1) if _differs(before, after, number)]
    answer = {"pages": pages, "before": len(before), "after": len(after), "compared": compared}
    return json.dumps(answer).encode()


def _differs(before, after, number: int) -> bool:
    if number > min(len(before), len(after)):
        return True
    return _difference(*(_drawn(state, number) for state in (before, after))) is not None


def _compared(content: bytes, *, number: int, signed_size: int, as_signed: bool) -> bytes:
    before, after = _open(content[:signed_size]), _open(content)
    shown, other = (before, after) if as_signed else (after, before)
    image = _drawn(shown, number)
    if number <= len(other) and (difference := _difference(image, _drawn(other, number))):
        yellow = ImageChops.multiply(image, Image.new("RGB", image.size, _YELLOW))
        image = Image.composite(yellow, image, _spread(difference))
    return _png(image)


def _difference(one: Image.Image, other: Image.Image) -> Image.Image | None:
    """Return what differs between both pictures, white on black; None when nothing does."""
    if one.size != other.size:
        return Image.new("L", one.size, 255)
    difference = ImageChops.difference(one, other)
    # In whichever colour, however little.
    return _whitened(difference).convert("L") if difference.getbbox() else None


def _spread(difference: Image.Image) -> Image.Image:
    """Return what differs and the paper around it as a mask."""
    return _whitened(_whitened(difference).filter(ImageFilter.BoxBlur(_HIGHLIGHTER)))


def _whitened(image: Image.Image) -> Image.Image:
    """Return the picture with all that is not quite black as light as it can be."""
    return image.point(lambda value: 255 * (value > 0))


def _open(content: bytes) -> pypdfium2.PdfDocument:
    document = pypdfium2.PdfDocument(content)
    document.init_forms()  # What the fields of a form say is drawn as well.
    return document


def _drawn(document, number: int) -> Image.Image:
    return render(document[number - 1], COMPARISON_RESOLUTION, colours=True)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


_WORKS: dict[str, Callable[..., bytes]] = {
    "page": _page,
    "differences": _differences,
    "compared": _compared,
}


if __name__ == "__main__":
    work, arguments = sys.argv[1:]
    sys.stdout.buffer.write(_WORKS[work](sys.stdin.buffer.read(), **json.loads(arguments)))
