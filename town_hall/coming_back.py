"""What a paper that comes back is: told by what it was issued as, or by the code on its pages."""

from conventions.models import Convention, Piece
from documents.received.scans import UnreadablePile, read_pages
from documents.received.uploads import UploadedPdf
from documents.received.verification import recognise
from documents.references import read_reference

# The code is on every page; a first page may be a letter, or not be readable.
_PAGES_LOOKED_AT = 3


def kind_told(convention: Convention, pdf: UploadedPdf) -> str:
    """Return what a paper received for the convention comes back as (Piece.Kind).

    "" when only a person can say.
    """
    issued = Piece.objects.filter(
        convention=convention, part="", kind__in=(Piece.Kind.ACT, Piece.Kind.CONVENTION)
    ).order_by("-version")
    if found := recognise(pdf.content):
        piece = issued.filter(document=found.document).first()
    else:
        piece = issued.filter(document__reference__in=_references(pdf)).first()
    return Piece.SIGNED_AS[piece.kind] if piece else ""


def _references(pdf: UploadedPdf) -> set[str]:
    """The references read on its first pages; none when several papers are mixed."""
    numbers = range(1, min(pdf.pages, _PAGES_LOOKED_AT) + 1)
    try:
        pages = list(read_pages(pdf.content, numbers))
    except UnreadablePile:
        return set()
    found = {read_reference(page.reference) for page in pages if page.reference}
    return found if len(found) == 1 and not any(page.others for page in pages) else set()
