"""The image at the head of an act: read once, kept small and safe, printed as it was kept.

Whatever is uploaded is decoded within bounds and encoded anew: RGB, no transparency, no
metadata. It is named by its SHA-256, so the same image is kept once and never changes.
"""

import base64
import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from documents.storage import document_storage, keep

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 16_000_000
# Where it stands on the page, in millimetres: as high for all, in a few widths. Acts whose
# letterheads are about as wide then share their pages (documents/standing_type.py).
PLACE = (38, 14)
_WIDTH_STEP = 6
# More than 300 dots an inch there.
MAX_SIZE = (1200, 400)
MIN_SIDE = 20
HOW_TO = "Enregistrez-le en PNG ou en JPEG, puis choisissez-le de nouveau."

_FOLDER = "letterheads"
_PLAIN_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "I;16")


def read_letterhead(uploaded_file: UploadedFile) -> bytes:
    """Return the image that was uploaded as a JPEG: RGB, at most MAX_SIZE.

    Raises ValidationError (French, says what to do) for a file that is too heavy, has too
    many pixels, is no PNG or JPEG, is meant for a printing press (CMYK), or is damaged.
    """
    if (uploaded_file.size or 0) > MAX_BYTES:
        raise ValidationError(
            f"Cette image dépasse {MAX_BYTES // 1024**2} Mo : enregistrez-la en plus petit, "
            "1 200 points de large suffisent.",
            code="too_large",
        )
    uploaded_file.seek(0)
    try:
        # A small file can announce an immense image: its size is read before its pixels.
        with (
            _whole_images_only(),
            Image.open(uploaded_file, formats=("PNG", "JPEG")) as image,
        ):
            _refuse(image)
            return _encode(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels("plus de 80") from None
    except UnidentifiedImageError:
        raise ValidationError(
            f"Ce fichier n'est pas une image PNG ou JPEG. {HOW_TO}", code="not_an_image"
        ) from None
    except (OSError, SyntaxError, ValueError, EOFError):
        raise ValidationError(
            f"Cette image est incomplète ou abîmée. {HOW_TO}", code="damaged"
        ) from None


@contextmanager
def _whole_images_only() -> Iterator[None]:
    """Refuse truncated images, which printing lets through, and immense ones."""
    lenient, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = lenient


def _refuse(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _too_many_pixels(f"{width * height / 1_000_000:.0f}")
    if min(width, height) < MIN_SIDE:
        raise ValidationError(
            f"Cette image est trop petite ({width} x {height} points) : choisissez-en une plus "
            "grande.",
            code="too_small",
        )
    if image.mode not in _PLAIN_MODES:
        raise ValidationError(
            f"Cette image est en couleurs d'imprimerie ({image.mode}) : enregistrez-la en RVB, "
            "puis choisissez-la de nouveau.",
            code="not_rgb",
        )


def _too_many_pixels(millions: str) -> ValidationError:
    return ValidationError(
        f"Cette image compte {millions} millions de points, {MAX_PIXELS // 1_000_000} au plus : "
        "réduisez-la, 1 200 points de large suffisent.",
        code="too_many_pixels",
    )


def _encode(image: Image.Image) -> bytes:
    image.draft("RGB", MAX_SIZE)  # A JPEG is decoded near its final size.
    image = ImageOps.exif_transpose(image)
    if image.mode == "I;16":
        image = image.point(lambda value: value / 256, "L")
    # Smaller first: transparency costs four bytes a pixel.
    image.thumbnail(MAX_SIZE)
    if image.mode != "RGB":
        layer = image.convert("RGBA")
        image = Image.new("RGB", layer.size, "white")
        image.paste(layer, mask=layer.getchannel("A"))
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=92, subsampling=0, optimize=True)
    return encoded.getvalue()


def store(content: bytes) -> str:
    """Keep a letterhead under its SHA-256 and return its name in private storage."""
    return keep(letterhead_name(hashlib.sha256(content).hexdigest()), content)


def letterhead_name(digest: str) -> str:
    return f"{_FOLDER}/{digest[:2]}/{digest}.jpg"


def as_source(content: bytes) -> str:
    """Return the address that a page or a document shows the image from."""
    return f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"


def source(name: str) -> str:
    """Return the address of a letterhead that was stored, or of one that is not yet.

    Raises FileNotFoundError when the storage lost it.
    """
    if name.startswith("data:"):
        return name
    with document_storage().open(name) as file:
        return as_source(file.read())


def place(address: str) -> tuple[int, int]:
    """Return the width and height (mm) of the box that the image of that address stands in."""
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as image:
        width, height = image.size
    widest, high = PLACE
    spare = max(widest - high * width / height, 0)
    return widest - int(spare // _WIDTH_STEP) * _WIDTH_STEP, high
