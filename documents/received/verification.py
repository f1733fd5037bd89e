"""Whether a file is one that was issued. Only its bytes are looked at; nothing of it is kept."""

import hashlib
import re
from dataclasses import dataclass
from enum import Enum
from itertools import islice

from documents.models import Document
from documents.received.examining import examine_apart
from documents.received.inspection import Refused, inspect
from documents.received.verdicts import Found

# What a PDF, and each of the updates appended to it, ends with (ISO 32000-2, 7.5.5).
_END = re.compile(rb"%%EOF(\r\n|\r|\n)?")
# The issued bytes end at the first of them; some leave room for chance.
_MAX_ENDS = 20


class Outcome(Enum):
    """What became of the file since it was issued."""

    ISSUED = "issued"
    SIGNED = "signed"
    EXTENDED = "extended"


@dataclass(frozen=True)
class Recognised:
    """An issued document, what became of it, and the signatures that the file bears."""

    document: Document
    outcome: Outcome
    signatures: tuple[Found, ...] = ()


def recognise(content: bytes) -> Recognised | None:
    """Return the issued document that `content` is, or begins with; None when there is none.

    An electronic signature is appended to a PDF and leaves what it signs untouched
    (ISO 32000-2, 12.8.1): the issued bytes then stand at its beginning. Only where nothing but
    signatures came after them is the file the same document, signed. One that would be refused
    of a party (`documents.received.inspection`) is not examined: it was completed.
    """
    digests = digests_of(content)
    issued = Document.objects.exclude(reference="").filter(sha256__in=digests)
    document = issued.select_related("text_model").order_by("-size").first()
    if document is None:
        return None
    if digests[document.sha256] == len(content):
        return Recognised(document, Outcome.ISSUED)
    try:
        inspect(content)
    except Refused:  # Anybody may ask: what would not be kept is not opened here either.
        return Recognised(document, Outcome.EXTENDED)
    found = examine_apart(content)
    is_same = document.sha256 in found.contains
    return Recognised(document, Outcome.SIGNED if is_same else Outcome.EXTENDED, found.signatures)


def digests_of(content: bytes) -> dict[str, int]:
    """Return the SHA-256 of the file and of each beginning that is a PDF, with its length."""
    ends = {len(content)}
    for mark in islice(_END.finditer(content), _MAX_ENDS):
        ends |= {mark.start() + len(b"%%EOF"), mark.end()}
    digests, running, done = {}, hashlib.sha256(), 0
    for end in sorted(ends):
        running.update(memoryview(content)[done:end])
        digests[running.hexdigest()] = done = end
    return digests
