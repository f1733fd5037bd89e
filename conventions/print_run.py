"""What a printing room is given: the conventions to sign of a selection, as one PDF."""

import io
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from typing import BinaryIO

import pikepdf

from .archive import latest_pieces, path_of
from .models import Piece

# Conventions that are put together while their agent waits: some seconds of work.
MAX_PIECES = 600
TO_SIGN = (Piece.Kind.CONVENTION, Piece.Kind.AMENDMENT)
# Files that are open at once, whatever their number: merged by so many, then the merged ones.
_AT_ONCE = 100


def to_print(conventions):
    """Return the newest convention and avenant to sign of each, in the order of the archive."""
    return latest_pieces(conventions).filter(kind__in=TO_SIGN)


def merge(pieces: Iterable[Piece], target: BinaryIO) -> list[str]:
    """Write `pieces` one after the other into `target`; return the names of those not found.

    For both sides of the sheet: each starts on an odd page, after a blank one if need be.
    For paper only: what makes each file accessible (its tags) and what it embeds stay
    behind, and nobody signs this one electronically.
    """
    absent: list[str] = []
    with ExitStack() as stack:
        volumes = []
        for volume in _volumes(pieces, absent):
            stack.enter_context(volume)
            volumes.append(stack.enter_context(pikepdf.open(volume)))
        _join(volumes).save(target)
    return absent


def _volumes(pieces, absent):
    """Yield temporary files, each with some of the pieces."""
    chunk: list[pikepdf.Pdf] = []
    for piece in pieces:
        try:
            with piece.document.file.open("rb") as file:
                chunk.append(_whole_sheets(file.read()))
        except FileNotFoundError:
            absent.append(path_of(piece))
        if len(chunk) == _AT_ONCE:
            yield _save(chunk)
            chunk = []
    if chunk:
        yield _save(chunk)


def _whole_sheets(content: bytes) -> pikepdf.Pdf:
    """Return a PDF with an even number of pages: a blank last one, of the same size, if need be."""
    pdf = pikepdf.open(io.BytesIO(content))
    if len(pdf.pages) % 2:
        width, height = pdf.pages[-1].mediabox[2:]
        pdf.add_blank_page(page_size=(float(width), float(height)))
    return pdf


def _save(pdfs):
    volume = tempfile.TemporaryFile()  # noqa: SIM115 — closed by who reads it.
    _join(pdfs).save(volume)
    return volume


def _join(pdfs) -> pikepdf.Pdf:
    joined = pikepdf.new()
    for pdf in pdfs:
        joined.pages.extend(pdf.pages)
    return joined
