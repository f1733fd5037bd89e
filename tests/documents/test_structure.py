"""The tags of a document: one table over pages, figures where the page shows them."""

import io

import pikepdf
import pytest

from documents.models import TextModel
from documents.press import plain as press
from documents.press import standing_type
from documents.references import mark_of
from documents.rendering import page_html

from .samples import ACT, convention_of, text

MAKERS = pytest.mark.parametrize("make", [press.print_plainly, standing_type.print_pdf])


@pytest.fixture
def tagged():
    """Function from HTML to the open PDF that a maker prints."""
    return lambda make, html: pikepdf.open(io.BytesIO(make(html)[0]))


def below(element):
    """Every element below one, itself first."""
    yield element
    kids = element.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary):
            yield from below(kid)


def elements(pdf, kind) -> list:
    return [found for found in below(pdf.Root.StructTreeRoot.K[0]) if str(found.S) == kind]


def convention(count: int) -> str:
    return page_html(text("convention"), convention_of(count), mark_of("ENT-2022-34337-C-K7XJ4R9P"))


@MAKERS
@pytest.mark.parametrize("count", [2, 45, 120])
def test_the_list_of_schools_is_one_table_on_as_many_pages_as_it_takes(tagged, make, count):
    with tagged(make, convention(count)) as pdf:
        (table,) = elements(pdf, "/Table")
        kinds = [str(kid.S) for kid in table.K]
        assert kinds[:2] == ["/Caption", "/THead"]
        assert set(kinds[2:]) == {"/TBody"}
        rows = [row for body in table.K[2:] for row in body.K]
        assert len(rows) == count
        assert all(kid.P.objgen == table.objgen for kid in table.K)
        names = {str(cell.ID) for cell in below(table) if str(cell.S) == "/TH"}
        for row in rows:
            for cell in row.K:
                assert names.issuperset(map(str, cell.A.get("/Headers", [])))
        pages = {row.Pg.objgen for row in rows}
        assert (len(pages) > 1) == (count > 2)


@MAKERS
def test_a_head_printed_again_is_no_content(tagged, make, printed_text):
    with tagged(make, convention(120)) as pdf:
        tree = pdf.Root.StructTreeRoot
        again = 0
        for page, references in zip(pdf.pages, list(tree.ParentTree.Nums)[1::2], strict=True):
            marks = {
                int(operands[1].MCID)
                for operands, operator in pikepdf.parse_content_stream(page)
                if str(operator) == "BDC"
            }
            named = {mark for mark, element in enumerate(references) if element is not None}
            # What is marked is in the structure; nothing in the structure is without a mark.
            assert marks == named
            again += len(references) - len(named)
        assert again >= 4


def test_two_tables_that_follow_each_other_stay_two(tagged):
    table = "| Collectivité | Écoles |\n|---|---|\n| {{ collectivite }} | {{ nombre_d_ecoles }} |"
    body = f"{table}\n\nPuis :\n\n{table}"
    html = page_html(TextModel(kind="decision", version=1, title="Essai", body=body), ACT)
    with tagged(press.print_plainly, html) as pdf:
        assert len(elements(pdf, "/Table")) == 2


@MAKERS
def test_a_figure_is_where_its_page_shows_it(tagged, make):
    with tagged(make, convention(2)) as pdf:
        figures = elements(pdf, "/Figure")
        assert len(figures) == 2
        for figure in figures:
            left, bottom, right, top = map(float, figure.A.BBox)
            # 24 mm wide, against the right margin.
            assert right - left == pytest.approx(24 / 25.4 * 72, abs=0.01)
            assert top - bottom == pytest.approx(24 / 25.4 * 72, abs=0.01)
            width, height = map(float, figure.Pg.MediaBox[2:])
            assert 0 < left < right < width
            assert 0 < bottom < top < height
        assert float(figures[0].A.BBox[3]) > height - 60 / 25.4 * 72
