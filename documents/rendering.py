"""A text and its context, to one PDF: archivable (PDF/A-3a) and accessible (PDF/UA-1).

The same inputs give the same bytes: no clock, no random identifier, fonts of our own.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from urllib.parse import urlsplit
from urllib.request import url2pathname

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, path2url

from communes import french
from documents.contexts import Context, LetterContext
from documents.fields import LETTERS, salutation
from documents.markup import split_mentions, to_html
from documents.models import TextModel

PRINT_DIR = Path(__file__).resolve().parent / "print"
PRINT_URL = path2url(PRINT_DIR)
BLANK = "……………………"
ACT_NAMES = {
    TextModel.Kind.DECISION: "décision",
    TextModel.Kind.DELIBERATION: "délibération",
    TextModel.Kind.AMENDMENT_DECISION: "décision",
    TextModel.Kind.AMENDMENT_DELIBERATION: "délibération",
}


@dataclass(frozen=True)
class Rendered:
    """A PDF and its number of pages."""

    content: bytes
    pages: int


class PrintFiles(URLFetcher):
    """Opens the product's print files and images given in full: no network, no other folder."""

    def fetch(self, url, headers=None):
        if url.startswith("data:image/jpeg;base64,"):
            return super().fetch(url, headers)
        address = urlsplit(url)
        path = Path(url2pathname(address.path)).resolve()
        if address.scheme != "file" or not path.is_relative_to(PRINT_DIR):
            raise FatalURLFetchingError(f"not a print file of the product: {url}")
        return super().fetch(url, headers)


@dataclass(frozen=True)
class _Press:
    """What a process keeps warm from one document to the next.

    Set up at the first document, so after any fork: the fonts' files go with the process
    that opened them. `lock` has one thread print at a time; two would gain nothing.
    """

    lock: Lock
    fonts: FontConfiguration
    style: CSS
    fetcher: PrintFiles
    images: dict


@cache
def _press() -> _Press:
    fonts = FontConfiguration()
    fetcher = PrintFiles()
    style = CSS(filename=PRINT_DIR / "print.css", font_config=fonts, url_fetcher=fetcher)
    return _Press(lock=Lock(), fonts=fonts, style=style, fetcher=fetcher, images={})


def render(text_model: TextModel, context: Context) -> Rendered:
    """Print `context` by `text_model`, whose kind says which document it is.

    Raises FieldError when the text calls for a field that does not exist.
    """
    html = page_html(text_model, context)
    press = _press()
    with press.lock:
        document = HTML(string=html, base_url=PRINT_URL, url_fetcher=press.fetcher).render(
            font_config=press.fonts,
            stylesheets=[press.style],
            cache=press.images,
            pdf_variant="pdf/a-3a",
        )
        _declare_accessible(document.metadata)
        content = document.write_pdf(
            pdf_variant="pdf/a-3a",
            pdf_identifier=hashlib.sha256(html.encode()).hexdigest()[:32],
        )
        # Each collectivity has its own letterhead: thousands would stay in memory.
        press.images.clear()
    return Rendered(content=content, pages=len(document.pages))


def page_html(text_model: TextModel, context: Context) -> str:
    """Return the whole document as HTML."""
    kind = TextModel.Kind(text_model.kind)
    body, mentions = split_mentions(text_model.body) if kind in ACT_NAMES else (text_model.body, "")
    feminine = french.is_feminine_body(context.collectivity.title)
    return render_to_string(
        _template(kind),
        {
            "text": text_model,
            "context": context,
            "body": mark_safe(to_html(kind, body, context)),  # noqa: S308
            "mentions": mark_safe(to_html(kind, mentions, context)),  # noqa: S308
            "act_name": ACT_NAMES.get(kind),
            "represented": "représentée" if feminine else "représenté",
            "blank": BLANK,
            "salutation": salutation(context) if isinstance(context, LetterContext) else "",
        },
    )


def _template(kind: TextModel.Kind) -> str:
    if kind in LETTERS:
        return "documents/letter.html"
    return f"documents/{'act' if kind in ACT_NAMES else kind.value}.html"


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


def _declare_accessible(metadata) -> None:
    """Make the metadata of a PDF/A file say that it is PDF/UA-1 as well.

    WeasyPrint writes one variant's identification; the other is added to its packet.
    """
    generate = metadata.generate_rdf_metadata

    def generate_both(*args):
        packet = generate(*args)
        head, closing, tail = packet.rpartition(b"</rdf:RDF>")
        return head + _PDFUA_EXTENSION + closing + tail

    metadata.generate_rdf_metadata = generate_both
