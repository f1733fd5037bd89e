"""Photographs of signed pages, assembled to one PDF that carries the originals.

Each is unpacked by a process of its own (`incoming.confined`): run as a program, this
module reads a photograph on its input and writes it as a page on its output, or why it does not.
"""

import io
import json
import sys
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import pikepdf
import pillow_heif
from django.core.exceptions import ValidationError
from pikepdf import AttachedFileSpec, Dictionary, Name
from PIL import Image, ImageOps

from incoming import confined
from incoming.deadline import OutOfTime

# What files of the formats that are taken begin with.
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
FORMATS = ("JPEG", "PNG", "HEIF")
# The largest sensors of common telephones, in the mode that uses all of it.
MAX_PIXELS = 50_000_000
# A4 in points, and at 200 points per inch: what a scanner would have sent.
PAGE = (595, 842)
PAGE_PIXELS = (1654, 2339)
QUALITY = 80
# What is said of a photograph that is refused, after its name.
_MESSAGES = {
    "too_many_pixels": f"compte plus de {MAX_PIXELS // 1_000_000} millions de points. Choisissez "
    "une définition plus basse dans votre appareil, puis reprenez-la.",
    "too_heavy": "demande trop de calcul ou de mémoire pour être affichée. Choisissez une "
    "définition plus basse dans votre appareil, puis reprenez-la.",
    "out_of_time": "n'a pas pu être lue à temps : ces photographies ne sont pas gardées. "
    "Enregistrez d'abord ce qui est gardé, puis déposez-les à part, ou numérisez le document au "
    "format PDF.",
    "damaged": "est incomplète ou abîmée. Ouvrez-la sur votre poste, reprenez-la au besoin, puis "
    "déposez-la à nouveau.",
}


@dataclass(frozen=True)
class _Page:
    """A photograph upright and no larger than a page: a JPEG, its size in pixels."""

    jpeg: bytes
    width: int
    height: int
    is_grey: bool


def media_type(content: bytes) -> str:
    """Return the media type of an image of a format that is taken, by its first bytes; else ""."""
    if content.startswith(_JPEG):
        return "image/jpeg"
    if content.startswith(_PNG):
        return "image/png"
    is_heif = content[4:8] == b"ftyp" and content[8:12] in _HEIF
    return "image/heic" if is_heif else ""


def assemble(
    photographs: Iterable[tuple[str, bytes]], *, may_be_first_ones: bool = False
) -> tuple[bytes, int]:
    """Return a PDF of one A4 page per photograph, given as (name, bytes), in their order; how many.

    With `may_be_first_ones` those that were read in time will do, where one was. Each original is
    attached to the PDF byte for byte. One is unpacked at a time. The same photographs give the
    same PDF. Raises ValidationError (French, names the photograph).
    """
    with pikepdf.new() as pdf:
        for number, (name, content) in enumerate(photographs, start=1):
            try:
                _add_page(pdf, _page(name, content))
            except OutOfTime:
                if may_be_first_ones and len(pdf.pages):
                    break
                raise _refusal("out_of_time", name) from None
            kept_as = f"{number:02d}_{name}"
            pdf.attachments[kept_as] = AttachedFileSpec(
                pdf,
                content,
                filename=kept_as,
                mime_type=media_type(content),
                relationship=Name.Source,
            )
        buffer = io.BytesIO()
        pdf.save(buffer, deterministic_id=True)
        return buffer.getvalue(), len(pdf.pages)


def _page(name: str, content: bytes) -> _Page:
    try:
        head, _, jpeg = confined.run_on(content, __name__).partition(b"\n")
    except confined.Failed:
        raise _refusal("too_heavy", name) from None
    answer = json.loads(head)
    if isinstance(answer, str):
        raise _refusal(answer, name)
    width, height, is_grey = answer
    return _Page(jpeg, width, height, is_grey)


def _refusal(code: str, name: str) -> ValidationError:
    return ValidationError(f"La photographie « {name} » {_MESSAGES[code]}", code=code)


def _add_page(pdf: pikepdf.Pdf, shown: _Page) -> None:
    """Add an A4 page, upright or across as the image is, with the image as large as it fits."""
    width, height = sorted(PAGE, reverse=shown.width > shown.height)
    scale = min(width / shown.width, height / shown.height)
    across, up = shown.width * scale, shown.height * scale
    left, bottom = (width - across) / 2, (height - up) / 2
    page = pdf.add_blank_page(page_size=(width, height))
    page.Resources = Dictionary(
        XObject=Dictionary(
            Page=pdf.make_stream(
                shown.jpeg,
                Type=Name.XObject,
                Subtype=Name.Image,
                Width=shown.width,
                Height=shown.height,
                ColorSpace=Name.DeviceGray if shown.is_grey else Name.DeviceRGB,
                BitsPerComponent=8,
                Filter=Name.DCTDecode,
            )
        )
    )
    page.Contents = pdf.make_stream(
        f"q {across:.2f} 0 0 {up:.2f} {left:.2f} {bottom:.2f} cm /Page Do Q".encode()
    )


# --- The program -----------------------------------------------------------------
def _shown(content: bytes) -> bytes:
    """Return the photograph as a page: its size and whether it is grey, a line, then a JPEG."""
    # A small file can announce an immense image: its size is read before its pixels.
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            raise Image.DecompressionBombError
        upright = _upright(image)
    jpeg = io.BytesIO()
    upright.save(jpeg, "JPEG", quality=QUALITY, optimize=True)
    head = json.dumps([upright.width, upright.height, upright.mode == "L"])
    return head.encode() + b"\n" + jpeg.getvalue()


def _upright(image: Image.Image) -> Image.Image:
    if image.mode in ("1", "P"):  # Colours by number cannot be blended.
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    # A JPEG is unpacked at the size that is asked for, not at its own.
    image.thumbnail(_fitting(image.size), reducing_gap=1.0)
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I;16"):
        image = image.point(lambda value: value / 256, "L")
    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image.convert("RGBA"))
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def _fitting(size: tuple[int, int]) -> tuple[int, int]:
    short, long = PAGE_PIXELS
    return (long, short) if size[0] > size[1] else (short, long)


if __name__ == "__main__":
    pillow_heif.register_heif_opener()
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        page = _shown(sys.stdin.buffer.read())
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        page = b'"too_many_pixels"'
    except MemoryError:
        raise
    except Exception:  # Each format has its own ways to be damaged.
        page = b'"damaged"'
    sys.stdout.buffer.write(page)
