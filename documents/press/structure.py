"""What WeasyPrint's tags say wrongly, mended in the PDF before it is written.

- A figure's box is where the page shows it, in the page's own units (ISO 32000-1, 14.8.5.4.3):
  WeasyPrint gives pixels of its layout, from the top.
- A table that goes on over pages is one table: WeasyPrint makes one a page, each with the head
  again. Its rows join the first one; a head printed again is no more than a footer is.
"""

from collections.abc import Iterator

import pydyf
from weasyprint import Document

from documents.press.pdf_objects import number_of

_POINTS_PER_PIXEL = 0.75


def mend(document: Document, pdf: pydyf.PDF) -> None:
    """Mend the tags of `pdf`, which was generated from `document` and is not yet written."""
    for figure in elements(pdf, "/Figure"):
        _place(pdf, figure)
    for first, *others in _tables(document, pdf):
        for other in others:
            _join(pdf, first, other)


def elements(pdf: pydyf.PDF, *kinds: str) -> list[pydyf.Dictionary]:
    """Return the elements of the structure of these kinds, in the order of the document."""
    return [
        item
        for item in pdf.objects
        if isinstance(item, dict) and item.get("Type") == "/StructElem" and item["S"] in kinds
    ]


def _place(pdf, figure) -> None:
    page = pdf.objects[number_of(figure["Pg"])]
    left, top, right, bottom = (_POINTS_PER_PIXEL * side for side in figure["A"]["BBox"])
    height = page["MediaBox"][3]
    figure["A"]["BBox"] = pydyf.Array((left, height - bottom, right, height - top))


def _tables(document, pdf) -> list[list[pydyf.Dictionary]]:
    """Return the elements of each table, one a page that it is on."""
    parts = [
        box.element
        for page in document.pages
        for box in page._page_box.descendants(placeholders=True)
        if box.is_table_wrapper and box.element_tag == "table"
    ]
    tables: dict[int, list[pydyf.Dictionary]] = {}
    for part, element in zip(parts, elements(pdf, "/Table"), strict=True):
        tables.setdefault(id(part), []).append(element)
    return list(tables.values())


def _join(pdf, table, part) -> None:
    """Move the rows of `part` into `table`; its head becomes an artifact."""
    names = {}
    for head, again in zip(_heads(pdf, table), _heads(pdf, part), strict=False):
        names[again["ID"].string] = head["ID"]
    for body in _kids(pdf, part, "/TBody"):
        for cell in _cells(pdf, body, "/TD"):
            headers = cell["A"]["Headers"]
            headers[:] = [names.get(header.string, header) for header in headers]
        body["P"] = table.reference
        table["K"].append(body.reference)
    for head in _kids(pdf, part, "/THead"):
        _forget(pdf, head)
    pdf.objects[number_of(part["P"])]["K"].remove(part.reference)
    part.free = "f"


def _heads(pdf, table) -> list[pydyf.Dictionary]:
    return [cell for head in _kids(pdf, table, "/THead") for cell in _cells(pdf, head, "/TH")]


def _cells(pdf, group, kind) -> list[pydyf.Dictionary]:
    return [cell for row in _kids(pdf, group, "/TR") for cell in _kids(pdf, row, kind)]


def _kids(pdf, element, kind) -> list[pydyf.Dictionary]:
    kids = [pdf.objects[number_of(kid)] for kid in element["K"] if isinstance(kid, bytes)]
    return [kid for kid in kids if kid["S"] == kind]


def _forget(pdf, head) -> None:
    """Take a head out of the structure, and mark its words as an artifact on its page."""
    marks = set()
    for element in _below(pdf, head):
        marks |= {kid for kid in element["K"] if isinstance(kid, int)}
        element.free = "f"
    page = pdf.objects[number_of(head["Pg"])]
    tree = pdf.objects[number_of(pdf.catalog["StructTreeRoot"])]
    references = pdf.objects[number_of(tree["ParentTree"])]["Nums"][2 * page["StructParents"] + 1]
    for mark in marks:
        references[mark] = b"null"
    operators = pdf.objects[number_of(page["Contents"])].stream
    places = [
        place
        for place, operator in enumerate(operators)
        if isinstance(operator, dict) and operator.get("MCID") in marks
    ]
    for place in reversed(places):
        # A tag, its properties, BDC.
        operators[place - 1 : place + 2] = ["/Artifact", b"BMC"]


def _below(pdf, element) -> Iterator[pydyf.Dictionary]:
    yield element
    for kid in element["K"]:
        if isinstance(kid, bytes):
            yield from _below(pdf, pdf.objects[number_of(kid)])
