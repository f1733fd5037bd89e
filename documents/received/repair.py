"""PDF files that are slightly broken, repaired by a process of its own (`incoming.confined`).

Run as a program, this module reads a PDF on its input and writes it sound on its output.
"""

import io
import sys

import pikepdf
from pikepdf import AttachedFileSpec, Name

from documents.received.bounds import open_pdf
from incoming import confined

# What says that more than the way to an object was lost: the object itself, or a part of it.
_LOSSES = ("error decoding", "expected endstream", "parse error")


class Irreparable(Exception):
    """Part of the file is missing or cannot be read: nothing may be guessed of it."""


def repair(content: bytes, *, original: str = "") -> bytes:
    """Return a sound PDF of all that `content` holds, with every page.

    Repaired is the way to what the file holds: where its objects stand, where it begins and
    ends. Named `original`, what was received is attached to it, byte for byte. The same bytes
    give the same file. Raises Irreparable, when anything was lost.
    """
    try:
        return confined.run_on(content, __name__, original)
    except confined.Failed as failure:
        raise Irreparable(str(failure)) from None


# --- The program -----------------------------------------------------------------
def _repaired(content: bytes) -> bytes:
    with open_pdf(content, recover=True) as pdf:
        announced = int(pdf.Root.Pages.Count)
        if any(thing is None for thing in pdf.objects):
            raise ValueError("an object is missing")
        repaired = _saved(pdf)  # Every object is read meanwhile.
        for warning in pdf.get_warnings():
            if any(loss in warning for loss in _LOSSES):
                raise ValueError(warning)
    with open_pdf(repaired) as pdf:
        if len(pdf.pages) != announced:
            raise ValueError("a page is missing")
        if problems := pdf.check_pdf_syntax():
            raise ValueError(problems[0])
    return repaired


def _with_original(repaired: bytes, original: bytes, name: str) -> bytes:
    with open_pdf(repaired) as pdf:
        pdf.attachments[name] = AttachedFileSpec(
            pdf,
            original,
            filename=name,
            description="Fichier reçu, avant réparation",
            mime_type="application/pdf",
            relationship=Name.Source,
        )
        return _saved(pdf)


def _saved(pdf: pikepdf.Pdf) -> bytes:
    buffer = io.BytesIO()
    pdf.save(buffer, deterministic_id=True, fix_metadata_version=False)
    return buffer.getvalue()


if __name__ == "__main__":
    received, name = sys.stdin.buffer.read(), sys.argv[1]
    sound = _repaired(received)
    sys.stdout.buffer.write(_with_original(sound, received, name) if name else sound)
