"""The image that a collectivity sends for the head of its acts, made small and safe.

Whatever is uploaded is decoded and encoded anew (RGB, no transparency, no metadata) by a process
of its own (`incoming.confined`): run as a program, this module reads an image on its
input and writes it as a JPEG on its output, or why it does not.
"""

import io
import json
import sys
import warnings

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from PIL import Image, ImageOps, UnidentifiedImageError

from incoming import confined
from incoming.antivirus import refuse_infected

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 16_000_000
# More than 300 dots an inch where it is printed (`documents.letterheads.PLACE`).
MAX_SIZE = (1200, 400)
MIN_SIDE = 20
HOW_TO = "Enregistrez-le en PNG ou en JPEG, puis choisissez-le de nouveau."

_PLAIN_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "I;16")
_JPEG = b"\xff\xd8"
# By what the program answers: a code and what it saw.
_MESSAGES = {
    "too_many_pixels": "Cette image compte {seen} millions de points, "
    f"{MAX_PIXELS // 1_000_000} au plus : réduisez-la, 1 200 points de large suffisent.",
    "too_small": "Cette image est trop petite ({seen} points) : choisissez-en une plus grande.",
    "not_rgb": "Cette image est en couleurs d'imprimerie ({seen}) : enregistrez-la en RVB, puis "
    "choisissez-la de nouveau.",
    "not_an_image": f"Ce fichier n'est pas une image PNG ou JPEG. {HOW_TO}",
    "damaged": f"Cette image est incomplète ou abîmée. {HOW_TO}",
}


class _Refused(Exception):
    def __init__(self, code: str, seen: str = "") -> None:
        super().__init__(code)
        self.answer = [code, seen]


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
    content = uploaded_file.read()
    refuse_infected((uploaded_file.name or "", content))
    try:
        answer = confined.run_on(content, __name__)
    except confined.Failed:
        raise ValidationError(_MESSAGES["damaged"], code="damaged") from None
    if not answer.startswith(_JPEG):
        code, seen = json.loads(answer)
        raise ValidationError(_MESSAGES[code].format(seen=seen), code=code)
    return answer


# --- The program -----------------------------------------------------------------
def _read(content: bytes) -> bytes:
    try:
        # A small file can announce an immense image: its size is read before its pixels.
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
            _refuse(image)
            return _encode(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _Refused("too_many_pixels", "plus de 80") from None
    except UnidentifiedImageError:
        raise _Refused("not_an_image") from None
    except (OSError, SyntaxError, ValueError, EOFError):
        raise _Refused("damaged") from None


def _refuse(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _Refused("too_many_pixels", f"{width * height / 1_000_000:.0f}")
    if min(width, height) < MIN_SIDE:
        raise _Refused("too_small", f"{width} x {height}")
    if image.mode not in _PLAIN_MODES:
        raise _Refused("not_rgb", image.mode)


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


if __name__ == "__main__":
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        answer = _read(sys.stdin.buffer.read())
    except _Refused as refused:
        answer = json.dumps(refused.answer).encode()
    sys.stdout.buffer.write(answer)
