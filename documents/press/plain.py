"""The press: HTML to one PDF, archivable (PDF/A-3a) and accessible (PDF/UA-1).

Keeps warm in each process what every document needs: fonts and style sheet.
"""

import datetime
import gc
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pydyf
from weasyprint import CSS, DEFAULT_OPTIONS, HTML, Attachment, Document
from weasyprint.document import DocumentMetadata
from weasyprint.pdf import generate_pdf
from weasyprint.pdf.anchors import write_pdf_attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse, path2url

from documents.press.pdf_objects import file_of
from documents.press.structure import mend

PRINT_DIR = Path(__file__).resolve().parent / "print"
PRINT_URL = path2url(PRINT_DIR)
VARIANT = "pdf/a-3a"
_CONFORMANCE = ("a", 3, "A")
OPTIONS = DEFAULT_OPTIONS | {
    "pdf_variant": VARIANT,
    "pdf_version": "1.7",
    "output_intent": "srgb",
}


class PrintFiles(URLFetcher):
    """Opens the product's print files and images given in full: no network, no other folder."""

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        if url.startswith("data:image/jpeg;base64,"):
            return super().fetch(url, headers)
        address = urlsplit(url)
        path = Path(url2pathname(address.path)).resolve()
        if address.scheme != "file" or not path.is_relative_to(PRINT_DIR):
            raise FatalURLFetchingError(f"not a print file of the product: {url}")
        return super().fetch(url, headers)


FETCHER = PrintFiles()


@dataclass(frozen=True)
class EmbeddedFile:
    """A file that a document carries (PDF/A-3); `relationship` is what it is to the document."""

    name: str
    content: str
    description: str
    relationship: str
    dated: datetime.datetime

    def attachment(self) -> Attachment:
        return Attachment(
            string=self.content,
            name=self.name,
            description=self.description,
            relationship=self.relationship,
            # A file has dates; the clock's would change the bytes.
            created=self.dated,
            modified=self.dated,
            url_fetcher=FETCHER,
        )


_SETTING_UP = Lock()


@dataclass(frozen=True)
class Press:
    """What a process keeps warm from one document to the next.

    `lock` has one thread print at a time; two would gain nothing.
    """

    lock: Lock
    fonts: FontConfiguration
    style: CSS

    def lay_out(self, html: str) -> Document:
        """Return the pages of `html`, not yet painted."""
        return HTML(string=html, base_url=PRINT_URL, url_fetcher=FETCHER).render(
            font_config=self.fonts,
            stylesheets=[self.style],
            pdf_variant=VARIANT,
        )


def warm_press() -> Press:
    """Return the press of this process, one for all its threads.

    Set up at the first document, so after any fork: the fonts' files go with the process
    that opened them.
    """
    with _SETTING_UP:
        return _set_up()


@cache
def _set_up() -> Press:
    fonts = FontConfiguration()
    style = CSS(filename=PRINT_DIR / "print.css", font_config=fonts, url_fetcher=FETCHER)
    return Press(lock=Lock(), fonts=fonts, style=style)


def print_plainly(html: str, files: Sequence[EmbeddedFile] = ()) -> tuple[bytes, int]:
    """Print a whole document with the files it carries: return the PDF, its number of pages."""
    press = warm_press()
    with press.lock, collector_paused():
        document = press.lay_out(html)
        declare_accessible(document.metadata)
        content = file_of(make(document, files), identifier_of(html))
    return content, len(document.pages)


def make(document: Document, files: Sequence[EmbeddedFile] = ()) -> pydyf.PDF:
    """Return the PDF of a document, painted and tagged, its objects not yet written."""
    attachments = [file.attachment() for file in files]
    pdf = generate_pdf(document, None, 1, **OPTIONS | {"attachments": attachments})
    mend(document, pdf)
    return pdf


def carrying(metadata: DocumentMetadata, files: Sequence[EmbeddedFile]) -> pydyf.PDF:
    """Return a PDF without pages that holds what `make` writes of these."""
    pdf = pydyf.PDF()
    for file in files:
        write_pdf_attachment(pdf, file.attachment(), compress=True)
    metadata.include_in_pdf(pdf, *_CONFORMANCE, compress=True)
    return pdf


def identifier_of(html: str) -> str:
    """Return the identifier of a document's PDF: no clock, no chance."""
    return hashlib.sha256(html.encode()).hexdigest()[:32]


@contextmanager
def collector_paused() -> Iterator[None]:
    """A layout makes many objects that die together: looking for cycles meanwhile only costs."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


# PDF/A refuses a metadata schema that it does not know unless the file describes it.
_PDFUA_EXTENSION = b"""
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
  <pdfuaid:part>1</pdfuaid:part>
</rdf:Description>
<rdf:Description rdf:about=""
    xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
    xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
    xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
  <pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
    <pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
    <pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
    <pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
    <pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
      <pdfaProperty:name>part</pdfaProperty:name>
      <pdfaProperty:valueType>Integer</pdfaProperty:valueType>
      <pdfaProperty:category>internal</pdfaProperty:category>
      <pdfaProperty:description>Part of ISO 14289 the file conforms to</pdfaProperty:description>
    </rdf:li></rdf:Seq></pdfaSchema:property>
  </rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
"""


def declare_accessible(metadata) -> None:
    """Make the metadata of a PDF/A file say that it is PDF/UA-1 as well.

    WeasyPrint writes one variant's identification; the other is added to its packet.
    """
    generate = metadata.generate_rdf_metadata

    def generate_both(*args):
        packet = generate(*args)
        head, closing, tail = packet.rpartition(b"</rdf:RDF>")
        return head + _PDFUA_EXTENSION + closing + tail

    metadata.generate_rdf_metadata = generate_both
