"""An act as a text to be finished elsewhere: the PDF's own words, in styles that are real."""

import io
import re
import zipfile
from dataclasses import replace

import docx
import pytest

from documents.contexts import SittingContext
from documents.editable import write_docx
from documents.rendering import render
from tests.benchmark.pages import a_letterhead

from .samples import ACT, EXECUTORY_ACT, context_of, text

KINDS = ["decision", "deliberation", "amendment_decision", "amendment_deliberation"]


def opened(kind, context):
    return docx.Document(io.BytesIO(write_docx(text(kind), context)))


def words_of(document):
    """Every word of a file, upper-cased: capitals are the style's."""
    written = [paragraph.text for paragraph in document.paragraphs]
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return _words(" ".join([*written, *cells]))


def _words(text):
    # A hyphen where a line ends is not told from the others.
    return sorted(re.findall(r"\w+", text.upper().replace("-", "")))


def words_of_pdf(printed_text, kind, context):
    printed = printed_text(render(text(kind), context, draft=True).content).upper()
    printed = re.sub(r"PROJET, À LIRE SEULEMENT|\S+ · PAGE \d+ / \d+", " ", printed)
    return _words(printed)


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_what_the_pdf_says_word_for_word(printed_text, kind):
    context = context_of(kind, 2)
    if "deliberation" in kind:
        sitting = SittingContext(present=12, proxies=("Claude ROUX à Lou GARCIA",))
        context = replace(context, sitting=sitting)
    assert words_of(opened(kind, context)) == words_of_pdf(printed_text, kind, context)


def test_a_draft_and_an_executory_act_too(printed_text):
    for context in (replace(ACT, number="", dated_on=None), EXECUTORY_ACT):
        found = words_of(opened("decision", context))
        assert found == words_of_pdf(printed_text, "decision", context)


def test_headings_and_paragraphs_have_their_styles():
    document = opened("decision", ACT)
    headings = [
        (p.style.name, " ".join(p.text.split()))
        for p in document.paragraphs
        if "Heading" in p.style.name
    ]
    assert headings[:3] == [
        ("Heading 1", "décision n° 2022DECAD076"),
        ("Heading 2", "Décide"),
        ("Heading 3", "Article 1 – Objet"),
    ]
    assert document.paragraphs[-1].style.name == "Mentions"


def test_it_is_french_titled_and_holds_no_macro():
    content = write_docx(text("decision"), ACT)
    document = docx.Document(io.BytesIO(content))
    assert document.core_properties.language == "fr-FR"
    assert document.core_properties.title.startswith("Décision n°\u00a02022DECAD076")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert not any("vba" in name.lower() for name in archive.namelist())
        assert b'w:lang w:val="fr-FR"' in archive.read("word/styles.xml")


def test_the_letterhead_is_in_it():
    with_letterhead = opened("decision", replace(ACT, letterhead=a_letterhead()))
    assert len(with_letterhead.inline_shapes) == 1
    assert not opened("decision", ACT).inline_shapes
