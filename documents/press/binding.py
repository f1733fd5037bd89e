"""Many PDFs bound into one, for a printing room."""

import io
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from typing import BinaryIO

import pikepdf

# Files that are open at once, whatever their number: bound by so many, then the bound ones.
_AT_ONCE = 100


def bind(contents: Iterable[bytes], target: BinaryIO) -> None:
    """Write PDFs one after the other into `target`.

    For both sides of the sheet: each starts on an odd page, after a blank one if need be.
    For paper only: what makes each file accessible (its tags) and what it embeds stay
    behind, and nobody signs this one electronically.
    """
    with ExitStack() as stack:
        volumes = []
        for volume in _volumes(contents):
            stack.enter_context(volume)
            volumes.append(stack.enter_context(pikepdf.open(volume)))
        _join(volumes).save(target)


def _volumes(contents):
    """Yield temporary files, each with some of the PDFs."""
    chunk: list[pikepdf.Pdf] = []
    for content in contents:
        chunk.append(_whole_sheets(content))
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
