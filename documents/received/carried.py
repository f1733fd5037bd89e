"""Files that a PDF carries: those of our own documents, and no others.

What is printed here carries the values that it was made from; what was made of photographs
carries these. They come back with it, signed or saved anew by another program.
"""

from documents.models import Document
from documents.received.inspection import Inspected, Refused, inspect
from documents.received.verification import digests_of


def carries_only_ours(content: bytes, inspected: Inspected) -> bool:
    """Tell whether all that `content` carries is carried, byte for byte, by a document kept here.

    Which one is told by its first bytes, or by the reference that it carries.
    """
    if not inspected.attachments:
        return True
    own = Document.objects.filter(sha256__in=digests_of(content))
    if inspected.references:
        own |= Document.objects.filter(reference__in=inspected.references).exclude(reference="")
    kept = own.exclude(file="").order_by("-pk")
    return inspected.attachments <= _carried_by(kept.first())


def _carried_by(document: Document | None) -> frozenset[str]:
    if document is None:
        return frozenset()
    with document.file.open("rb") as stored:
        try:
            return inspect(stored.read()).attachments
        except Refused:  # Received before such files were refused.
            return frozenset()
