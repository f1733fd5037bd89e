"""An act as a file that a word processor opens, to be finished in a town hall's own software.

Read from the page that the PDF is made of, so that both say the same; what belongs to the
frozen PDF alone (its reference, its code) is left out. No macro, styles that are real.
"""

import base64
import io
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from docx import Document
from docx.document import Document as DocumentFile
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import _Cell
from docx.text.paragraph import Paragraph
from weasyprint import HTML

from documents.contexts import ActContext
from documents.models import TextModel
from documents.press.plain import FETCHER
from documents.rendering import page_html

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FONT = "Liberation Sans"
_STYLES = {"h1": "Heading 1", "h2": "Heading 2", "h3": "Heading 3", "ul": "List Bullet"}
_STYLES |= {"ol": "List Number", "caption": "Caption"}
_LEFT_OUT = frozenset({"mark", "draft"})
_CENTRED = frozenset({"object"})
_BOLD = frozenset({"strong", "th"})

# A place where paragraphs go.
Place = DocumentFile | _Cell


def write_docx(text: TextModel, context: ActContext) -> bytes:
    """Return the act that `context` makes of `text` as a DOCX file."""
    page = HTML(string=page_html(text, context), url_fetcher=FETCHER).etree_element
    body = page.find("body")
    document = Document()
    _set_up(document, page.findtext("head/title") or "", context)
    if body is not None:
        _write(document, body, "Normal")
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def _set_up(document: DocumentFile, title: str, context: ActContext) -> None:
    properties = document.core_properties
    properties.title, properties.author = title, context.collectivity.title
    properties.language, properties.comments = "fr-FR", ""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin = section.bottom_margin = Mm(18)
    for name, size in (("Normal", 10), ("Heading 1", 15), ("Heading 2", 12), ("Heading 3", 10.5)):
        _dress(document.styles[name], size)
    for name in ("Heading 1", "Heading 2"):
        document.styles[name].font.all_caps = True
    notice = document.styles.add_style("Mentions", 1)
    notice.base_style = document.styles["Normal"]
    notice.font.size = Pt(8.5)
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), "fr-FR")


def _dress(style: ParagraphStyle, size: float) -> None:
    style.font.name, style.font.size = FONT, Pt(size)
    style.font.color.rgb = RGBColor(0, 0, 0)
    # Word asks for the typeface of headings by the theme, unless told otherwise.
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{name}"), None)
    fonts.set(qn("w:hAnsi"), FONT)
    style.paragraph_format.space_after = Pt(4)


def _write(place: Place, element: Element, style: str) -> None:
    """Write what stands in `element`, block by block, in paragraphs of `style`."""
    for block in element:
        classes = set(block.get("class", "").split())
        if classes & _LEFT_OUT:
            continue
        if block.tag == "img":
            _picture(place, block)
        elif block.tag == "table":
            _table(place, block)
        elif "close" in classes:
            _side_by_side(place, block)
        elif block.tag == "div":
            _write(place, block, "Mentions" if "notice" in classes else style)
        elif block.tag in ("ul", "ol"):
            for item in block:
                _paragraph(place, item, _STYLES[block.tag])
        else:
            _paragraph(place, block, _STYLES.get(block.tag, style))


def _paragraph(place: Place, block: Element, style: str) -> Paragraph:
    paragraph = place.add_paragraph(style=style)
    classes = set(block.get("class", "").split())
    if classes & _CENTRED or block.tag in ("h1", "h2"):
        paragraph.alignment = 1
    bold = bool(classes & {"issuer", "author", "project"}) or block.tag in _BOLD
    _runs(paragraph, block, bold=bold)
    return paragraph


def _runs(paragraph: Paragraph, element: Element, *, bold: bool) -> None:
    """Write the words of `element`: a run for each change of face, spaces as a browser shows them."""
    for text, tags in _pieces(element, ()):
        if text == "\n":
            paragraph.add_run().add_break()
            continue
        run = paragraph.add_run(text)
        run.bold = bold or bool(_BOLD & set(tags)) or None
        run.italic = ("em" in tags) or None
        run.font.superscript = ("sup" in tags) or None
    _trim(paragraph)


def _pieces(element: Element, tags: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    if element.text:
        yield _spaced(element.text), tags
    for child in element:
        if child.tag == "br":
            yield "\n", tags
        else:
            yield from _pieces(child, (*tags, str(child.tag)))
        if child.tail:
            yield _spaced(child.tail), tags


def _spaced(text: str) -> str:
    """Return `text` with its runs of plain white space as one; no-break spaces stay."""
    head = " " if text[:1] in " \n\t" else ""
    tail = " " if text[-1:] in " \n\t" and text.strip(" \n\t") else ""
    return head + " ".join(word for word in text.replace("\n", " ").split(" ") if word) + tail


def _trim(paragraph: Paragraph) -> None:
    """Drop the spaces at either end of a paragraph and of its lines."""
    runs = paragraph.runs
    for index, run in enumerate(runs):
        breaks_before = index == 0 or runs[index - 1].text == "\n"
        breaks_after = index == len(runs) - 1 or runs[index + 1].text == "\n"
        if run.text == "\n":
            continue
        text = run.text.lstrip(" ") if breaks_before else run.text
        run.text = text.rstrip(" ") if breaks_after else text


def _side_by_side(place: Place, block: Element) -> None:
    """The frame of the executory mention and the signatures, one column each."""
    table = place.add_table(rows=1, cols=len(block))
    table.rows[0].height = Mm(40)
    for cell, column in zip(table.rows[0].cells, block, strict=True):
        _write(cell, column, "Normal")
        _drop_first_paragraph(cell)


def _table(place: Place, block: Element) -> None:
    caption = block.find("caption")
    if caption is not None:
        _paragraph(place, caption, "Caption")
    rows = list(block.iter("tr"))
    table = place.add_table(rows=len(rows), cols=len(rows[0]))
    table.style = "Table Grid"
    for row, line in zip(table.rows, rows, strict=True):
        for cell, value in zip(row.cells, line, strict=True):
            _runs(cell.paragraphs[0], value, bold=value.get("scope") == "col")


def _drop_first_paragraph(cell: _Cell) -> None:
    """A cell is made with an empty paragraph, and must keep one."""
    if len(cell.paragraphs) > 1:
        empty = cell.paragraphs[0]._p
        empty.getparent().remove(empty)


def _picture(place: Place, image: Element) -> None:
    """The letterhead, whose bytes stand in its address."""
    _, _, encoded = image.get("src", "").partition("base64,")
    if encoded and isinstance(place, DocumentFile):
        place.add_picture(io.BytesIO(base64.b64decode(encoded)), height=Mm(18))
