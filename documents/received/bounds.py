"""PDF files of strangers opened for reading: what the library may unpack is bounded first."""

import io

import pikepdf

# Of one stream, in bytes: a few kilobytes can unpack to gigabytes.
MAX_UNPACKED = 64 * 1024 * 1024

pikepdf.settings.set_qpdf_limits(  # For the whole process, before it opens anything.
    parser_max_container_size=200_000,
    flate_max_memory=MAX_UNPACKED,
    png_max_memory=MAX_UNPACKED,
    run_length_max_memory=MAX_UNPACKED,
    tiff_max_memory=MAX_UNPACKED,
)


def open_pdf(content: bytes, *, recover: bool = False) -> pikepdf.Pdf:
    """Return `content` opened; a broken one is only taken for what it seems to be when `recover`.

    Raises pikepdf.PdfError, PasswordError among them.
    """
    return pikepdf.open(io.BytesIO(content), attempt_recovery=recover)
