"""What a paper that comes back is: told by what it was issued as, or by the code on its pages."""

from dataclasses import dataclass

from conventions.models import Convention, Piece
from documents.received.scans import UnreadablePile, read_pages
from documents.received.uploads import UploadedPdf
from documents.received.verification import Outcome, recognise
from documents.references import read_reference

# The code is on every page; a first page may be a letter, or not be readable.
_PAGES_LOOKED_AT = 3


@dataclass(frozen=True)
class Told:
    """The issued piece of the file that a paper is; `is_blank` when it is that very file, unsigned."""

    piece: Piece
    is_blank: bool = False

    @property
    def kind(self) -> str:
        """What it comes back as."""
        return Piece.SIGNED_AS[self.piece.kind]


def tell(convention: Convention, pdf: UploadedPdf) -> Told | None:
    """Return what a paper received for the convention is, None when only a person can say."""
    issued = Piece.objects.filter(
        convention=convention, part="", kind__in=(Piece.Kind.ACT, Piece.Kind.CONVENTION)
    ).order_by("-version")
    if found := recognise(pdf.content):
        piece = issued.filter(document=found.document).first()
        return Told(piece, found.outcome == Outcome.ISSUED) if piece else None
    references = _references(pdf)
    piece = issued.filter(document__reference__in=references).first() if references else None
    return Told(piece) if piece else None


def _references(pdf: UploadedPdf) -> set[str]:
    """The references read on its first pages; none when several papers are mixed."""
    numbers = range(1, min(pdf.pages, _PAGES_LOOKED_AT) + 1)
    try:
        pages = list(read_pages(pdf.content, numbers))
    except UnreadablePile:
        return set()
    found = {read_reference(page.reference) for page in pages if page.reference}
    return found if len(found) == 1 and not any(page.others for page in pages) else set()
