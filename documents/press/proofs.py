"""Proofs: a document printed by the short cut and plainly, compared.

In production one document in so many is (STANDING_TYPE_CHECKED). A difference stops the short
cut for the whole site, by a note that is kept beside the documents: every process reads it
when it starts, then each time a document is due. `manage.py standing_type` shows and lifts it.
"""

import io
import logging
from collections.abc import Callable

import pikepdf
from django.conf import settings

from documents.storage import document_storage, keep

logger = logging.getLogger(__name__)

_NOTE = "standing_type/stopped.txt"


def is_due(identifier: str) -> bool:
    """Tell whether a document is one of those that are printed twice: always the same ones."""
    every = settings.STANDING_TYPE_CHECKED
    return every > 0 and int(identifier, 16) % every == 0


def reason_to_stop() -> str:
    """Return why the short cut is stopped, "" when it is not."""
    storage = document_storage()
    if not storage.exists(_NOTE):
        return ""
    with storage.open(_NOTE) as note:
        return note.read().decode()


def stop(identifier: str, found: list[str]) -> None:
    """Stop the short cut, for what was found in the document of this identifier."""
    reason = f"{identifier}: {'; '.join(found)}"
    keep(_NOTE, reason.encode())
    logger.error("Standing type is stopped, a document differs from its plain print: %s", reason)


def resume() -> None:
    document_storage().delete(_NOTE)


def differences(content: bytes, plain: bytes) -> list[str]:
    """Return in what a PDF differs from the plain print of the same document, in a few words."""
    with pikepdf.open(io.BytesIO(content)) as pdf, pikepdf.open(io.BytesIO(plain)) as expected:
        if len(pdf.pages) != len(expected.pages):
            return [f"{len(pdf.pages)} pages for {len(expected.pages)}"]
        return [name for name, take in _COMPARED.items() if take(pdf) != take(expected)]


def _drawn(pdf) -> list[bytes]:
    """What each page draws, byte for byte."""
    return [page.Contents.read_bytes() for page in pdf.pages]


def _resources(pdf) -> list:
    """The typefaces by their name on a page, the images."""
    resources = pdf.pages[0].Resources
    faces = {name: str(face.BaseFont) for name, face in resources.Font.items()}
    images = resources.get("/XObject", {})
    return [faces, {name: image.read_raw_bytes() for name, image in images.items()}]


def _tags(pdf) -> list:
    """The elements of the structure: kind, words for those who do not see, box, page, kids."""
    numbers = {page.objgen: number for number, page in enumerate(pdf.pages)}

    def below(element) -> list:
        kids = element.get("/K", [])
        return [
            kid if isinstance(kid, int) else described(kid)
            for kid in (kids if isinstance(kids, pikepdf.Array) else [kids])
        ]

    def described(element) -> tuple:
        attributes = element.get("/A", {})
        box = [round(float(side), 3) for side in attributes.get("/BBox", [])]
        headers = len(attributes.get("/Headers", []))
        page = numbers[element.Pg.objgen] if "/Pg" in element else None
        return str(element.S), str(element.get("/Alt", "")), box, headers, page, below(element)

    return below(pdf.Root.StructTreeRoot)


def _outline(pdf) -> list:
    def below(items):
        return [
            (item.title, [str(part) for part in item.destination[1:]], below(item.children))
            for item in items
        ]

    with pdf.open_outline() as outline:
        return below(outline.root)


def _information(pdf) -> list:
    described = {name: str(value) for name, value in pdf.docinfo.items()}
    return [described, pdf.Root.Metadata.read_bytes()]


def _carried(pdf) -> dict:
    return {
        name: [file.filename, file.description, file.get_file().read_bytes()]
        for name, file in pdf.attachments.items()
    }


_COMPARED: dict[str, Callable] = {
    "what the pages draw": _drawn,
    "typefaces or images": _resources,
    "tags": _tags,
    "bookmarks": _outline,
    "title, author, dates": _information,
    "the files that it carries": _carried,
}
