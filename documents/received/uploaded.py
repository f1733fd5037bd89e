"""A file as it was read from what a party sent."""

from dataclasses import dataclass

from documents.received.verdicts import NOTHING_SIGNED, Examination


@dataclass(frozen=True)
class UploadedPdf:
    """The bytes of a PDF as received, assembled from photographs or repaired, its number of
    pages, the name its sender gave it, and what its electronic signatures are worth.
    """

    content: bytes
    pages: int
    name: str = ""
    examination: Examination = NOTHING_SIGNED
    is_repaired: bool = False
