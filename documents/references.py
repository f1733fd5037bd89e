"""The reference of an issued document, and the QR code that leads to its verification.

A reference follows from the text and the values that are printed, and from nothing else:
the same document has the same one, whenever and wherever it is made.
"""

import hashlib
import json
import re
from dataclasses import dataclass

import segno
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from documents.models import TextModel

# Neither what the eye takes for something else (0 O, 1 I L, 2 Z, 5 S, 8 B, U V), nor what
# the ear does (M N), nor vowels, which make words.
_ALPHABET = "34679CFHJKMPRTWXY"
_CODE_LENGTH = 8
_LETTERS = {
    TextModel.Kind.CONVENTION: "C",
    TextModel.Kind.DECISION: "D",
    TextModel.Kind.DELIBERATION: "L",
    TextModel.Kind.AMENDMENT: "A",
    TextModel.Kind.AMENDMENT_DECISION: "D",
    TextModel.Kind.AMENDMENT_DELIBERATION: "L",
    TextModel.Kind.FORMAL_NOTICE: "M",
    TextModel.Kind.TERMINATION: "R",
}
# White around a QR code, in modules (ISO/IEC 18004, 5.3.8).
_QUIET_ZONE = 4
_SEPARATORS = re.compile(r"[\s\u2010-\u2015-]+")


@dataclass(frozen=True)
class Mark:
    """What identifies a document on its pages: reference, verification page, QR code."""

    reference: str
    page: str
    qr_code: SafeString


def reference_of(text_model: TextModel, facts: dict) -> str:
    """Return "ENT-2022-34337-C-K7XJ4R9P": the file, the letter of the kind, a code.

    The code is taken from the SHA-256 of the text (kind, version, title, body) and of
    `facts`, the context as JSON.
    """
    made_from = {
        "kind": text_model.kind,
        "version": text_model.version,
        "title": text_model.title,
        "body": text_model.body,
        "facts": facts,
    }
    canonical = json.dumps(made_from, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    number = int.from_bytes(hashlib.sha256(canonical.encode()).digest())
    code = ""
    for _ in range(_CODE_LENGTH):
        number, rest = divmod(number, len(_ALPHABET))
        code += _ALPHABET[rest]
    return f"{facts['reference']}-{_LETTERS[TextModel.Kind(text_model.kind)]}-{code}"


def read_reference(typed: str) -> str:
    """Return a reference as it is printed, from what a person typed or pasted.

    Case and spaces do not matter, nor does the address of the page before it.
    """
    last = typed.strip().rstrip("/").rpartition("/")[2]
    return _SEPARATORS.sub("-", last).strip("-").upper()


def mark_of(reference: str) -> Mark:
    """Return what the document of that reference bears on its pages.

    The QR code leads to SITE_URL, which is therefore part of what makes the bytes.
    """
    address = f"{settings.SITE_URL}/verifier/{reference}"
    qr_code = segno.make_qr(address, error="m").svg_inline(
        border=_QUIET_ZONE,
        omitsize=True,
        svgclass=None,
        lineclass=None,
        title=f"Code QR : page de vérification du document {reference}",
    )
    page = f"{settings.SITE_URL}/verifier".partition("://")[2]
    return Mark(reference=reference, page=page, qr_code=mark_safe(qr_code))  # noqa: S308
