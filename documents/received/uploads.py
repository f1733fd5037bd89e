"""What a party sends back: signed copies, as PDF files that will open in ten years."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pikepdf
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from documents.received import photographs
from documents.received.signatures import NOTHING_SIGNED, Examination, examine, load_authorities

MAX_PAGES = 200
MAX_PHOTOGRAPHS = 40
# Together: they are kept whole, inside one PDF.
PHOTOGRAPHS_MAX_BYTES = 60 * 1024 * 1024
PILE_MAX_PAGES = 1000
HOW_TO = (
    "Numérisez le document signé au format PDF, photographiez ses pages (JPEG, PNG ou HEIC), ou "
    "exportez-le depuis votre logiciel avec « Enregistrer sous… PDF »."
)

# A few kilobytes can unpack to gigabytes: what the reader may unpack is bounded, for
# the whole process, before it opens anything.
pikepdf.settings.set_qpdf_limits(
    parser_max_container_size=200_000,
    flate_max_memory=64 * 1024 * 1024,
    png_max_memory=64 * 1024 * 1024,
    run_length_max_memory=64 * 1024 * 1024,
    tiff_max_memory=64 * 1024 * 1024,
)


@dataclass(frozen=True)
class UploadedPdf:
    """The bytes of a PDF as received or assembled from photographs, its number of pages, the
    name its sender gave it, and what its electronic signatures are worth.
    """

    content: bytes
    pages: int
    name: str = ""
    examination: Examination = NOTHING_SIGNED


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
    """Return the PDF that was uploaded, unchanged, its electronic signatures verified.

    Raises ValidationError (French, says what to do) for a file that is empty, larger
    than settings.UPLOAD_MAX_BYTES, no PDF, damaged, locked by a password, without a
    page or longer than MAX_PAGES.
    """
    content = _read(uploaded_file)
    pages = _check_pdf(content, MAX_PAGES)
    return UploadedPdf(
        content=content,
        pages=pages,
        name=(uploaded_file.name or "")[:255],
        examination=examine(content, load_authorities(settings.TRUSTED_CERTIFICATES_DIR)),
    )


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
        # A file that the reader has to repair is refused: what is kept must be sound.
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
