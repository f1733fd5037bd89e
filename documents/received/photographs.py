"""Photographs of signed pages, assembled to one PDF that carries the originals."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pikepdf
import pillow_heif
from django.core.exceptions import ValidationError
from pikepdf import AttachedFileSpec, Dictionary, Name
from PIL import Image, ImageFile, ImageOps

pillow_heif.register_heif_opener()

FORMATS = ("JPEG", "PNG", "HEIF")
MEDIA_TYPES = {"PNG": "image/png", "HEIF": "image/heic"}  # JPEG in all its variants otherwise
# The largest sensors of common telephones, in the mode that uses all of it.
MAX_PIXELS = 50_000_000
# A4 in points, and at 200 points per inch: what a scanner would have sent.
PAGE = (595, 842)
PAGE_PIXELS = (1654, 2339)
QUALITY = 80


def is_photograph(content: bytes) -> bool:
    """Tell whether these bytes begin like an image of a format that is taken."""
    try:
        Image.open(io.BytesIO(content), formats=FORMATS).close()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return True  # Told at its reading.
    except Exception:
        return False
    return True


def assemble(photographs: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a PDF of one A4 page per photograph, given as (name, bytes), in their order.

    Each original is attached to the PDF byte for byte. One is unpacked at a time. The same
    photographs give the same PDF. Raises ValidationError (French, names the photograph).
    """
    with pikepdf.new() as pdf:
        for number, (name, content) in enumerate(photographs, start=1):
            image, original_format = _shrink(name, content)
            _add_page(pdf, image)
            kept_as = f"{number:02d}_{name}"
            pdf.attachments[kept_as] = AttachedFileSpec(
                pdf,
                content,
                filename=kept_as,
                mime_type=MEDIA_TYPES.get(original_format, "image/jpeg"),
                relationship=Name.Source,
            )
        buffer = io.BytesIO()
        pdf.save(buffer, deterministic_id=True)
    return buffer.getvalue()


def _shrink(name: str, content: bytes) -> tuple[Image.Image, str]:
    """Return the photograph upright, as grey or RGB, no larger than a page; and its format."""
    try:
        with _whole_images_only(), Image.open(io.BytesIO(content), formats=FORMATS) as image:
            _check_size(name, image)
            original_format = str(image.format)
            return _upright(image), original_format
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(name) from None
    except ValidationError:
        raise
    except Exception:  # Each format has its own ways to be damaged.
        raise ValidationError(
            f"La photographie « {name} » est incomplète ou abîmée. Ouvrez-la sur votre poste, "
            "reprenez-la au besoin, puis déposez-la à nouveau.",
            code="damaged",
        ) from None


@contextmanager
def _whole_images_only() -> Iterator[None]:
    """WeasyPrint lets Pillow take truncated images, for the whole process: not here."""
    tolerated = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = tolerated


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


def _check_size(name, image):
    if image.width * image.height > MAX_PIXELS:
        raise _too_large(name)


def _too_large(name: str) -> ValidationError:
    return ValidationError(
        f"La photographie « {name} » compte plus de {MAX_PIXELS // 1_000_000} millions de points. "
        "Choisissez une définition plus basse dans votre appareil, puis reprenez-la.",
        code="too_many_pixels",
    )


def _add_page(pdf: pikepdf.Pdf, image: Image.Image) -> None:
    """Add an A4 page, upright or across as the image is, with the image as large as it fits."""
    width, height = sorted(PAGE, reverse=image.width > image.height)
    scale = min(width / image.width, height / image.height)
    shown = (image.width * scale, image.height * scale)
    left, bottom = (width - shown[0]) / 2, (height - shown[1]) / 2
    jpeg = io.BytesIO()
    image.save(jpeg, "JPEG", quality=QUALITY, optimize=True)
    page = pdf.add_blank_page(page_size=(width, height))
    page.Resources = Dictionary(
        XObject=Dictionary(
            Page=pdf.make_stream(
                jpeg.getvalue(),
                Type=Name.XObject,
                Subtype=Name.Image,
                Width=image.width,
                Height=image.height,
                ColorSpace=Name.DeviceGray if image.mode == "L" else Name.DeviceRGB,
                BitsPerComponent=8,
                Filter=Name.DCTDecode,
            )
        )
    )
    page.Contents = pdf.make_stream(
        f"q {shown[0]:.2f} 0 0 {shown[1]:.2f} {left:.2f} {bottom:.2f} cm /Page Do Q".encode()
    )
