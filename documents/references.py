"""The reference of an issued document, and the QR code that leads to its verification.

A reference follows from the text and the values that are printed, and from nothing else:
the same document has the same one, whenever and wherever it is made.
"""

import hashlib
import json
import re
from dataclasses import dataclass

import zxingcpp
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

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
# Share of a code that may be lost: M is 15 %, Q 25 %, H 30 % (ISO/IEC 18004, 7.5.1).
_CORRECTION = "M"
_DARK = re.compile(b"\0+")
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
    page = f"{settings.SITE_URL}/verifier".partition("://")[2]
    title = f"Code QR : page de vérification du document {reference}"
    return Mark(reference=reference, page=page, qr_code=_qr_code(address, title))


def _qr_code(address: str, title: str) -> SafeString:
    """Return a QR code as SVG, a stroke for each run of dark modules, its quiet zone around."""
    code = zxingcpp.create_barcode(address, zxingcpp.BarcodeFormat.QRCode, ec_level=_CORRECTION)
    modules = code.to_image(add_quiet_zones=True)
    side = modules.shape[0]
    strokes = []
    # The quiet zone keeps a run from going on from one line to the next.
    for run in _DARK.finditer(memoryview(modules)):  # type: ignore[arg-type]
        line, left = divmod(run.start(), side)
        strokes.append(f"M{left} {line}.5L{left + len(run[0])} {line}.5")
    return format_html(
        '<svg viewBox="0 0 {0} {0}"><title>{1}</title><path stroke="#000" d="{2}"/></svg>',
        side,
        title,
        "".join(strokes),
    )
