"""The pages of a document that was just printed, as pictures to be shown on a page of the site."""

import io
from threading import Lock

import pypdfium2

# Dots per inch: a page read on half a screen, at twice the size of an ordinary picture.
RESOLUTION = 110
_POINTS_PER_INCH = 72
# The library does one thing at a time.
_pdfium = Lock()


def draw_pages(content: bytes) -> list[bytes]:
    """Return each page of a PDF of our own making as a PNG.

    A stranger's file is drawn apart (`documents.received.drawing`).
    """
    with _pdfium:
        document = pypdfium2.PdfDocument(content)
        pages = [page.render(scale=RESOLUTION / _POINTS_PER_INCH).to_pil() for page in document]
        document.close()
    return [_png(page) for page in pages]


def _png(picture) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
