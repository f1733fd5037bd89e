"""What a party sends back: signed copies, as PDF files that will open in ten years."""

import io
from dataclasses import dataclass

import pikepdf
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

MAX_PAGES = 200
HOW_TO = (
    "Numérisez le document signé au format PDF, ou exportez-le depuis votre logiciel avec "
    "« Enregistrer sous… PDF »."
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
    """The bytes of a PDF as received, its number of pages, the name its sender gave it."""

    content: bytes
    pages: int
    name: str = ""


def read_pdf(uploaded_file: UploadedFile) -> UploadedPdf:
    """Return the PDF that was uploaded, unchanged.

    Raises ValidationError (French, says what to do) for a file that is empty, larger
    than settings.UPLOAD_MAX_BYTES, no PDF, damaged, locked by a password, without a
    page or longer than MAX_PAGES.
    """
    content = _read(uploaded_file)
    if b"%PDF-" not in content[:1024]:
        raise ValidationError(f"Ce fichier n'est pas un PDF. {HOW_TO}", code="not_pdf")
    return UploadedPdf(
        content=content, pages=_count_pages(content), name=(uploaded_file.name or "")[:255]
    )


def _read(uploaded_file) -> bytes:
    limit = settings.UPLOAD_MAX_BYTES
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


def _count_pages(content: bytes) -> int:
    try:
        # A file that the reader has to repair is refused: what is kept must be sound.
        with pikepdf.open(io.BytesIO(content), attempt_recovery=False) as pdf:
            announced = int(pdf.Root.Pages.Count)
            pages = announced if announced > MAX_PAGES else len(pdf.pages)
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
    if pages > MAX_PAGES:
        raise ValidationError(
            f"Ce PDF compte plus de {MAX_PAGES} pages. Déposez seulement le document signé.",
            code="too_many_pages",
        )
    return pages
