"""What a party sends back: signed copies, as PDF files that will open in ten years."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pikepdf
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from documents.received import photographs
from documents.received.repair import Irreparable, repair, with_original
from documents.received.signatures import examine, load_authorities
from documents.received.verdicts import NOTHING_SIGNED, Examination

MAX_PAGES = 200
MAX_PHOTOGRAPHS = 40
# Together: they are kept whole, inside one PDF.
PHOTOGRAPHS_MAX_BYTES = 60 * 1024 * 1024
PILE_MAX_PAGES = 1000
HOW_TO = (
    "Numérisez le document signé au format PDF, photographiez ses pages (JPEG, PNG ou HEIC), ou "
    "exportez-le depuis votre logiciel avec « Enregistrer sous… PDF »."
)

# How a PDF that is encrypted for certificates names what opens it (ISO 32000-2, 7.6.5).
_FOR_CERTIFICATES = b"/Adobe.PubSec"


@dataclass(frozen=True)
class UploadedPdf:
    """The bytes of a PDF as received, assembled from photographs or repaired, its number of
    pages, the name its sender gave it, and what its electronic signatures are worth.
    """

    content: bytes
    pages: int
    name: str = ""
    examination: Examination = NOTHING_SIGNED
    is_repaired: bool = False


def read_copy(files: Sequence[UploadedFile]) -> UploadedPdf:
    """Return what was uploaded as one PDF: a PDF unchanged, or photographs put together.

    The photographs are attached to their PDF, byte for byte. Raises ValidationError as
    `read_pdf` does, and for photographs that are too many, too large or damaged.
    """
    first, *others = files
    if not photographs.is_photograph(_read(first)):
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
    content = photographs.assemble(_read_photographs(files))
    names = ", ".join(file.name or "" for file in files)
    return UploadedPdf(content=content, pages=len(files), name=names[:255])


def _read_photographs(files: Sequence[UploadedFile]) -> Iterator[tuple[str, bytes]]:
    for file in files:
        content = _read(file)
        if not photographs.is_photograph(content):
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
    than settings.UPLOAD_MAX_BYTES, no PDF, damaged beyond repair, encrypted, without a page or
    longer than MAX_PAGES.
    """
    received = _read(uploaded_file)
    name = (uploaded_file.name or "")[:255]
    try:
        sound, pages = received, _check_pdf(received, MAX_PAGES)
    except ValidationError as refusal:
        sound, pages = _repair(received, refusal)
    examination = examine(received, load_authorities(settings.TRUSTED_CERTIFICATES_DIR))
    is_repaired = sound is not received and not examination.signatures
    content = with_original(sound, received, name or "original.pdf") if is_repaired else received
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


def read_piles(files: Sequence[UploadedFile]) -> list[UploadedPdf]:
    """Return the piles of scans that these files make: each PDF one, unchanged; photographs one.

    Raises ValidationError as `read_copy` does and names the file; the limits are larger:
    settings.PILE_MAX_BYTES for all together, PILE_MAX_PAGES for each.
    """
    if photographs.is_photograph(_read(files[0], settings.PILE_MAX_BYTES)):
        return [read_copy(files)]
    if sum(file.size or 0 for file in files) > settings.PILE_MAX_BYTES:
        raise ValidationError(
            f"Ces fichiers dépassent ensemble {settings.PILE_MAX_BYTES // 1024**2} Mo. "
            "Déposez-les en plusieurs fois.",
            code="too_large",
        )
    return [_read_pile(file) for file in files]


def _read_pile(file: UploadedFile) -> UploadedPdf:
    try:
        content = _read(file, settings.PILE_MAX_BYTES)
        pages = _check_pdf(content, PILE_MAX_PAGES)
    except ValidationError as refusal:
        raise ValidationError(f"« {file.name} » : {refusal.message}", code=refusal.code) from None
    return UploadedPdf(content=content, pages=pages, name=(file.name or "")[:255])


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
            "blanc, à 200 points par pouce, puis déposez-le à nouveau.",
            code="too_large",
        )
    return content


def _check_pdf(content: bytes, most: int) -> int:
    """Return the number of pages of a sound PDF of `most` pages at the most."""
    if b"%PDF-" not in content[:1024]:
        raise ValidationError(
            f"Ce fichier n'est ni un PDF ni une photographie. {HOW_TO}", code="not_pdf"
        )
    try:
        # What is kept must be sound without being repaired at each reading.
        with pikepdf.open(io.BytesIO(content), attempt_recovery=False) as pdf:
            announced = int(pdf.Root.Pages.Count)
            pages = announced if announced > most else len(pdf.pages)
    except pikepdf.PasswordError:
        raise ValidationError(
            "Ce PDF est protégé par un mot de passe. Enregistrez-le sans protection, puis "
            "déposez-le à nouveau.",
            code="password",
        ) from None
    except (pikepdf.PdfError, AttributeError, KeyError, TypeError, ValueError, RuntimeError):
        if _FOR_CERTIFICATES in content:
            raise ValidationError(
                "Ce PDF est protégé : il ne s'ouvre qu'avec le certificat de son destinataire. "
                "Enregistrez-le sans protection, puis déposez-le à nouveau.",
                code="protected",
            ) from None
        raise ValidationError(f"Ce PDF est incomplet ou abîmé. {HOW_TO}", code="damaged") from None
    if pages < 1:
        raise ValidationError(f"Ce PDF ne contient aucune page. {HOW_TO}", code="no_page")
    if pages > most:
        raise ValidationError(
            f"Ce PDF compte plus de {most} pages. Déposez seulement le document signé, ou séparez-le "
            "en plusieurs fichiers.",
            code="too_many_pages",
        )
    return pages
