"""The image at the head of an act, as it was read (`documents.received.letterhead`): kept, printed.

It is named by its SHA-256, so the same image is kept once and never changes.
"""

import base64
import hashlib
import io

from PIL import Image

from documents.storage import document_storage, keep

# Where it stands on the page, in millimetres: as high for all, in a few widths. Acts whose
# letterheads are about as wide then share their pages (documents/standing_type.py).
PLACE = (38, 14)
_WIDTH_STEP = 6

_FOLDER = "letterheads"


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
