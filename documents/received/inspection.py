"""What a PDF of a stranger holds beside its pages, looked at before it is kept.

A paper is pages, signatures and what describes them. What runs, plays, hides or leads
elsewhere by itself has no place in it, in any of its states (ISO 32000-2, 7.5.6); nor has
what unpacks or draws without end. Done by a process of its own (`incoming.confined`):
run as a program, this module reads a PDF on its input and writes what it found on its output.
"""

import hashlib
import io
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Stream

from documents.received.bounds import open_pdf
from documents.received.nesting import TooMuchDrawn, check_nesting
from incoming import confined

# Of all streams of a file together, images left out, in bytes.
MAX_UNPACKED = 256 * 1024 * 1024
MAX_IMAGE_PIXELS = 100_000_000
# Of a file whose length is not what is asked about.
_MAX_PAGES = 100_000
# What a reader may do at a click; opening a page or the file, it may only turn to a page.
_AT_A_CLICK = {"/GoTo", "/Named", "/URI"}
_BY_ITSELF = {"/GoTo", "/Named"}
_LINKS = re.compile(r"(https?|mailto|tel):|(?![a-z][a-z0-9+.-]*:)", re.I)
# How an action that is refused is said to whoever sent it.
_CODES = {
    "/JavaScript": "script",
    "/Launch": "launch",
    "/SubmitForm": "submit",
    "/ImportData": "submit",
    "/Rendition": "media",
    "/Movie": "media",
    "/Sound": "media",
    "/RichMediaExecute": "media",
    "/GoTo3DView": "media",
    "/GoToE": "attachment",
}
_FOREIGN = {"script", "launch", "submit"}
_MEDIA = {"/RichMedia", "/Movie", "/Sound", "/Screen", "/3D", "/U3D", "/PRC"}
# White space of PDF (7.2.3): what some systems pad files with.
_WHITE = b"\0\t\n\f\r "
_CUT_SHORT = re.compile(rb"startxref\s*\d*\s*(%(%(E(OF?)?)?)?)?\Z")
_END = re.compile(rb"%%EOF")
_OF_THE_WEB = re.compile(rb"<(!doctype\s+html|html|script|iframe|\?php)[\s>/]", re.I)


class Refused(Exception):
    """The file may not be kept; `code` is a key of `documents.received.refusals.MESSAGES`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Inspected:
    """A file that may be kept: its number of pages, the SHA-256 of the files attached to it."""

    pages: int
    attachments: frozenset[str] = frozenset()
    # Of the documents printed here that the attached files tell of.
    references: tuple[str, ...] = ()


def inspect(content: bytes, *, most: int = _MAX_PAGES) -> Inspected:
    """Return what a sound PDF of `most` pages at the most holds.

    Raises Refused, also when looking at it breaks the limits of `confined`.
    """
    try:
        answer = json.loads(confined.run_on(content, __name__, str(most)))
    except confined.Failed:
        raise Refused("too_heavy") from None
    if "refused" in answer:
        raise Refused(answer["refused"])
    files = answer["attachments"]
    return Inspected(answer["pages"], frozenset(files), tuple(filter(None, files.values())))


# --- The program -----------------------------------------------------------------
def _inspected(content: bytes, most: int) -> dict[str, Any]:
    _check_outside(content)
    with _opened(content) as pdf:
        if pdf.is_encrypted:
            raise Refused("encrypted")
        pages = _count_pages(pdf, most)
        attachments = _check_objects(pdf)
        _check_unpacked(pdf)
        _check_drawn(pdf)
    for state in _earlier_states(content):
        _check_objects(state)
    return {"pages": pages, "attachments": attachments}


def _check_outside(content: bytes) -> None:
    """Refuse what is also something else than a PDF: before it, after it, or all along."""
    if not content.startswith(b"%PDF-"):
        raise Refused("before")
    end = content[-4096:].rstrip(_WHITE)
    is_cut_short = not end or _CUT_SHORT.search(end)
    if not (end.endswith(b"%%EOF") or is_cut_short) and re.search(b"%%EOF|startxref", content):
        raise Refused("after")
    if _OF_THE_WEB.search(content) or _is_archive(content):
        raise Refused("polyglot")


def _is_archive(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return bool(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def _opened(content: bytes) -> pikepdf.Pdf:
    try:
        # What is kept must be sound without being repaired at each reading.
        return open_pdf(content)
    except pikepdf.PasswordError:
        raise Refused("password") from None
    except (pikepdf.PdfError, ValueError, RuntimeError):
        # How a PDF that is encrypted for certificates names what opens it (7.6.5).
        raise Refused("protected" if b"/Adobe.PubSec" in content else "damaged") from None


def _count_pages(pdf: pikepdf.Pdf, most: int) -> int:
    try:
        announced = int(pdf.Root.Pages.Count)
        pages = announced if announced > most else len(pdf.pages)
    except (pikepdf.PdfError, AttributeError, KeyError, TypeError, ValueError, RuntimeError):
        raise Refused("damaged") from None
    if pages < 1:
        raise Refused("no_page")
    if pages > most:
        raise Refused("too_many_pages")
    return pages


def _earlier_states(content: bytes) -> Iterator[pikepdf.Pdf]:
    """Yield the file as it was before each of its updates: what was signed is shown as such."""
    *ends, _ = [match.end() for match in _END.finditer(content)] or [0]
    for end in ends:
        try:
            with open_pdf(content[:end]) as pdf:
                yield pdf
        except pikepdf.PdfError:
            continue  # Of a file made for the web, the first part alone.


def _check_objects(pdf: pikepdf.Pdf) -> dict[str, str]:
    """Refuse what is no part of a paper; return what is attached.

    That is, by SHA-256, the reference of the document printed here that the file tells of.
    """
    attachments: dict[str, str] = {}
    for value in (pdf.trailer, *pdf.objects):
        for entries in _dictionaries(value):
            _check_dictionary(entries)
            if isinstance(files := entries.get("/EF"), Dictionary):
                for _, file in files.items():
                    attachments |= _attached(file)
            if entries.get("/Type") == "/EmbeddedFile":
                attachments |= _attached(entries)
    return attachments


def _dictionaries(value: Any) -> Iterator[Any]:
    """Yield each dictionary and stream in `value`, what it only refers to left out."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Array):
            inner = list(value)
        elif isinstance(value, (Dictionary, Stream)):
            yield value
            inner = [entry for _, entry in value.items()]
        else:
            continue
        waiting += [entry for entry in inner if _is_direct(entry)]


def _is_direct(value: Any) -> bool:
    return isinstance(value, (Array, Dictionary)) and not value.is_indirect


def _check_dictionary(entries: Any) -> None:
    keys = set(entries.keys())
    if keys & {"/JS", "/JavaScript"} or entries.get("/Subtype") == "/PS":
        raise Refused("script")
    if "/XFA" in keys:
        raise Refused("xfa")
    if keys & {"/RichMediaContent", "/RichMediaSettings"} or _named(entries, "/Subtype") in _MEDIA:
        raise Refused("media")
    if "/Collection" in keys or _named(entries, "/Subtype") == "/FileAttachment":
        raise Refused("attachment")
    if (isinstance(entries, Stream) and "/F" in keys) or {"/Ref", "/BBox"} <= keys:
        raise Refused("elsewhere")  # Its content stands in another file.
    if (code := _CODES.get(_named(entries, "/S"), "")) in _FOREIGN:
        raise Refused(code)
    for key in keys & {"/A", "/PA", "/Next"}:
        _check_action(entries[key], _AT_A_CLICK)
    if "/OpenAction" in keys:
        _check_action(entries["/OpenAction"], _BY_ITSELF)
    if isinstance(events := entries.get("/AA"), Dictionary):
        for _, action in events.items():
            _check_action(action, _BY_ITSELF)


def _named(entries: Any, key: str) -> str:
    value = entries.get(key)
    return str(value) if isinstance(value, pikepdf.Name) else ""


def _check_action(action: Any, allowed: set[str]) -> None:
    """Refuse an action (12.6) that is not `allowed`; what is none has no name of its kind."""
    for each in action if isinstance(action, Array) else [action]:
        if not isinstance(each, Dictionary):
            continue
        kind = _named(each, "/S")
        if kind and kind not in allowed:
            raise Refused(_CODES.get(kind, "action"))
        if kind == "/URI" and not _LINKS.match(str(each.get("/URI", "")).strip()):
            raise Refused("action")


def _attached(file: Any) -> dict[str, str]:
    if not isinstance(file, Stream):
        raise Refused("attachment")
    content = _unpack(file)
    try:
        values = json.loads(content)
    except ValueError:
        values = None
    reference = values.get("reference") if isinstance(values, dict) else ""
    return {hashlib.sha256(content).hexdigest(): reference if isinstance(reference, str) else ""}


def _check_unpacked(pdf: pikepdf.Pdf) -> None:
    total = 0
    for value in pdf.objects:
        if not isinstance(value, Stream):
            continue
        if _named(value, "/Subtype") == "/Image":
            _check_image(value)
        else:
            total += len(_unpack(value))
        if total > MAX_UNPACKED:
            raise Refused("too_heavy")


def _check_drawn(pdf: pikepdf.Pdf) -> None:
    try:
        check_nesting(pdf)
    except TooMuchDrawn:
        raise Refused("too_heavy") from None
    except pikepdf.PdfError:  # What a page draws cannot be read.
        raise Refused("damaged") from None


def _check_image(image: Any) -> None:
    """Refuse an image of more points than memory holds; it is not unpacked, that takes long."""
    sides = [image.get(key) for key in ("/Width", "/Height")]
    if not all(isinstance(side, int) and side > 0 for side in sides):
        raise Refused("damaged")
    if sides[0] * sides[1] > MAX_IMAGE_PIXELS:
        raise Refused("too_heavy")


def _unpack(stream: Any) -> bytes:
    try:
        return stream.read_bytes(pikepdf.StreamDecodeLevel.specialized)
    except pikepdf.PdfError as error:
        if "limit" in str(error):
            raise Refused("too_heavy") from None
        return stream.read_raw_bytes()  # Damaged, or packed as images only are.


if __name__ == "__main__":
    try:
        found = _inspected(sys.stdin.buffer.read(), int(sys.argv[1]))
    except Refused as refused:
        found = {"refused": refused.code}
    sys.stdout.write(json.dumps(found))
