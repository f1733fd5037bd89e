"""What a party sends back: signed copies, as PDF files that will open in ten years."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from documents.received import photographs
from documents.received.carried import carries_only_ours
from documents.received.examining import examine_apart
from documents.received.inspection import Refused, inspect
from documents.received.refusals import HOW_TO, refusal
from documents.received.repair import Irreparable, repair
from documents.received.uploaded import UploadedPdf as UploadedPdf
from incoming.antivirus import refuse_infected
from incoming.deadline import OutOfTime

MAX_PAGES = 200
MAX_PHOTOGRAPHS = 40
# Together: they are kept whole, inside one PDF.
PHOTOGRAPHS_MAX_BYTES = 60 * 1024 * 1024
PILE_MAX_PAGES = 1000


@dataclass(frozen=True)
class Piles:
    """Piles of scans that were read, and the names of the files that no time was left for."""

    read: list[UploadedPdf]
    left_out: list[str]


def read_copy(files: Sequence[UploadedFile], *, may_be_first_ones: bool = False) -> UploadedPdf:
    """Return what was uploaded as one PDF: a PDF unchanged, or photographs put together.

    The photographs are attached to their PDF, byte for byte; with `may_be_first_ones`, those that
    were read in time. Raises ValidationError as `read_pdf` does, and for photographs that are too
    many, too large or damaged.
    """
    first, *others = files
    if not photographs.media_type(_read(first)):
        if others:
            raise ValidationError(
                "Choisissez un seul PDF, ou plusieurs photographies (JPEG, PNG ou HEIC), une par "
                "page.",
                code="several",
            )
        return read_pdf(first)
    if len(files) > MAX_PHOTOGRAPHS:
        raise ValidationError(
            f"Choisissez {MAX_PHOTOGRAPHS} photographies au plus, ou numérisez le document au "
            "format PDF.",
            code="too_many",
        )
    if sum(file.size or 0 for file in files) > PHOTOGRAPHS_MAX_BYTES:
        raise ValidationError(
            f"Ces photographies dépassent ensemble {PHOTOGRAPHS_MAX_BYTES // 1024**2} Mo. "
            "Choisissez une définition plus basse, ou numérisez le document au format PDF.",
            code="too_large",
        )
    read = list(_read_photographs(files))
    refuse_infected(*read)
    content, pages = photographs.assemble(read, may_be_first_ones=may_be_first_ones)
    names = ", ".join(file.name or "" for file in files[:pages])
    return UploadedPdf(content=content, pages=pages, name=names[:255])


def _read_photographs(files: Sequence[UploadedFile]) -> Iterator[tuple[str, bytes]]:
    for file in files:
        content = _read(file)
        if not photographs.media_type(content):
            raise ValidationError(
                f"« {file.name} » n'est pas une photographie lisible (JPEG, PNG ou HEIC). "
                "Choisissez seulement des photographies, ou un seul PDF.",
                code="not_photograph",
            )
        yield file.name or "photographie", content


def read_pdf(uploaded_file: UploadedFile) -> UploadedPdf:
    """Return the PDF that was uploaded, its electronic signatures verified.

    It is unchanged, unless it had to be repaired: the file that was received is then attached
    to it, byte for byte. A signed file is never repaired, that would undo its signature: it is
    kept as it is, if it could be.

    Raises ValidationError (French, says what to do) for a file that is empty, larger
    than settings.UPLOAD_MAX_BYTES, no PDF, damaged beyond repair, without a page or longer than
    MAX_PAGES, that ClamAV refuses, or that holds what a paper does not: each code of
    `documents.received.refusals`.
    """
    received = _read(uploaded_file)
    name = (uploaded_file.name or "")[:255]
    refuse_infected((name, received))
    try:
        sound, pages = received, _check_pdf(received, MAX_PAGES)
    except ValidationError as refusal:
        sound, pages = _repair(received, refusal)
    examination = examine_apart(received)
    is_repaired = sound is not received and not examination.signatures
    content = repair(received, original=name or "original.pdf") if is_repaired else received
    return UploadedPdf(content, pages, name, examination, is_repaired)


def _repair(received: bytes, refusal: ValidationError) -> tuple[bytes, int]:
    """Return what was refused, repaired, and its number of pages; raises `refusal` again else."""
    if refusal.code != "damaged":
        raise refusal
    try:
        repaired = repair(received)
    except Irreparable:
        raise refusal from None
    return repaired, _check_pdf(repaired, MAX_PAGES)


def read_piles(files: Sequence[UploadedFile]) -> Piles:
    """Return the piles of scans that these files make: each PDF one, unchanged; photographs one.

    Raises ValidationError as `read_copy` does and names the file; the limits are larger:
    settings.PILE_MAX_BYTES for all together, PILE_MAX_PAGES for each.
    """
    if photographs.media_type(_read(files[0], settings.PILE_MAX_BYTES)):
        pile = read_copy(files, may_be_first_ones=True)
        return Piles([pile], [file.name or "" for file in files[pile.pages :]])
    if sum(file.size or 0 for file in files) > settings.PILE_MAX_BYTES:
        raise ValidationError(
            f"Ces fichiers dépassent ensemble {settings.PILE_MAX_BYTES // 1024**2} Mo. "
            "Déposez-les en plusieurs fois.",
            code="too_large",
        )
    read = [(file.name or "", _read_pile(file)) for file in files]
    refuse_infected(*read)
    piles: list[UploadedPdf] = []
    for name, content in read:
        try:
            piles.append(_check_pile(name, content))
        except ValidationError as refusal:
            if not (piles and refusal.code == OutOfTime.code):
                raise
            break
    return Piles(piles, [name for name, _ in read[len(piles) :]])


def _read_pile(file: UploadedFile) -> bytes:
    with _naming(file.name or ""):
        return _read(file, settings.PILE_MAX_BYTES)


def _check_pile(name: str, content: bytes) -> UploadedPdf:
    with _naming(name):
        pages = _check_pdf(content, PILE_MAX_PAGES)
    return UploadedPdf(content=content, pages=pages, name=name[:255])


@contextmanager
def _naming(name: str) -> Iterator[None]:
    try:
        yield
    except ValidationError as refusal:
        raise ValidationError(f"« {name} » : {refusal.message}", code=refusal.code) from None


def _read(uploaded_file, limit: int | None = None) -> bytes:
    limit = limit or settings.UPLOAD_MAX_BYTES
    uploaded_file.seek(0)
    content = uploaded_file.read(limit + 1)
    if not content:
        raise ValidationError(
            "Ce fichier est vide. Vérifiez qu'il s'ouvre sur votre poste, puis déposez-le à nouveau.",
            code="empty",
        )
    if len(content) > limit:
        raise ValidationError(
            f"Ce fichier dépasse {limit // (1024 * 1024)} Mo. Numérisez le document en noir et "
            "blanc, à 200 points par pouce, ou photographiez-le à une définition plus basse, puis "
            "déposez-le à nouveau.",
            code="too_large",
        )
    return content


def _check_pdf(content: bytes, most: int) -> int:
    """Return the number of pages of a sound PDF, of `most` pages at the most, that may be kept."""
    if b"%PDF-" not in content[:1024]:
        raise ValidationError(
            f"Ce fichier n'est ni un PDF ni une photographie. {HOW_TO}", code="not_pdf"
        )
    try:
        inspected = inspect(content, most=most)
        if not carries_only_ours(content, inspected):
            raise Refused("attachment")
    except Refused as refused:
        raise refusal(refused.code, most=most) from None
    return inspected.pages
