"""What every printed document has: same bytes, structure, conformity."""

import re
from dataclasses import replace

import pytest

from documents.models import TextModel
from documents.press import plain as press
from documents.rendering import render
from documents.wording.fields import LETTERS
from documents.wording.proofreading import proofread

from .samples import (
    ACT,
    CERTIFICATE,
    CERTIFIED_ACT,
    CONTEXTS,
    CONVENTION,
    EXECUTORY_ACT,
    SECOND_LETTER,
    context_of,
    convention_of,
    party_of,
    text,
)


def test_the_same_inputs_give_the_same_bytes():
    assert render(text("convention"), CONVENTION) == render(text("convention"), CONVENTION)
    assert render(text("decision"), ACT) == render(text("decision"), ACT)


def test_other_inputs_give_another_identifier(opened):
    one = opened(render(text("decision"), ACT).content)
    other = opened(render(text("decision"), replace(ACT, number="2022DECAD077")).content)
    assert one.trailer.ID[0] != other.trailer.ID[0]


@pytest.mark.parametrize(
    ("kind", "context", "title", "author"),
    [
        (
            "decision",
            ACT,
            "Décision n°\u00a02022DECAD076 – Commune de Villeneuve-lès-Maguelone",
            "Commune de Villeneuve-lès-Maguelone",
        ),
        (
            "convention",
            CONVENTION,
            "Convention ENT-École 2022-2023 – Commune de Villeneuve-lès-Maguelone",
            "Région académique Occitanie",
        ),
    ],
)
def test_a_document_says_its_language_title_author_and_date(opened, kind, context, title, author):
    pdf = opened(render(text(kind), context).content)
    assert str(pdf.Root.Lang) == "fr"
    assert str(pdf.docinfo.Title) == title
    assert str(pdf.docinfo.Author) == author
    assert str(pdf.docinfo.CreationDate).startswith("D:20221010")


def test_headings_are_bookmarks(opened):
    pdf = opened(render(text("convention"), CONVENTION).content)
    with pdf.open_outline() as outline:
        (title,) = outline.root
        headings = [item.title for item in title.children]
    assert headings[0] == "Préambule"
    assert len(headings) == 12


def test_the_schools_are_a_tagged_table_with_heads(opened):
    pdf = opened(render(text("convention"), CONVENTION).content)
    tags = [str(item.S) for item in pdf.objects if _is_structure(item)]
    assert tags.count("/Table") == 1
    assert tags.count("/Caption") == 1
    assert tags.count("/TH") == 6
    assert tags.count("/TD") == 6


def _is_structure(item):
    return getattr(item, "Type", None) == "/StructElem"


def test_every_font_is_embedded_and_our_own(opened):
    pdf = opened(render(text("convention"), CONVENTION).content)
    fonts = [item for item in pdf.objects if getattr(item, "Type", None) == "/FontDescriptor"]
    assert fonts
    assert all("/FontFile2" in font for font in fonts)


@pytest.mark.parametrize(
    "url",
    ["https://example.org/logo.png", "file:///etc/passwd", f"{press.PRINT_URL}%2e%2e/apps.py"],
)
def test_nothing_is_fetched_outside_the_print_files(url):
    with pytest.raises(press.FatalURLFetchingError):
        press.PrintFiles().fetch(url)


def test_a_name_prints_as_it_is_written(printed_text):
    name = "*Saint* _Jean_ <b>d'Aulps</b> | {{ montant }} & Cie"
    context = replace(convention_of(2), collectivity=party_of(name))
    context = replace(context, schools=tuple(replace(line, name=name) for line in context.schools))
    words = printed_text(render(text("convention"), context).content)
    assert f"Commune de {name}" in words
    body = TextModel(kind="decision", version=1, title="Essai", body="Vu {{ collectivite }}.")
    words = printed_text(render(body, replace(ACT, collectivity=party_of(name))).content)
    assert f"Vu la commune de {name}." in words


def test_every_kind_of_document_is_archivable_and_accessible(assert_valid, sample):
    # Schools on one line, on several pages. A letter prints none: once is enough.
    documents = {
        f"{kind}-{count}": render(text(kind), context_of(kind, count))
        for count in sample((1, 40), (1, 2, 40, 190))
        for kind in CONTEXTS
        if count == 1 or kind not in LETTERS
    }
    long_name = party_of("Saint-Germain-de-Calberte-et-Saint-Étienne-Vallée-Française-le-Haut")
    unusual = {
        "executory": render(text("decision"), EXECUTORY_ACT),
        "executory-deliberation": render(text("deliberation"), EXECUTORY_ACT),
        "long": render(text("convention"), replace(CONVENTION, collectivity=long_name)),
        "reply": render(text("termination"), replace(SECOND_LETTER, from_region=False)),
        "draft": render(text("convention"), replace(CONVENTION, dated_on=None), draft=True),
        "draft-act": render(text("decision"), replace(ACT, number="", dated_on=None)),
        "draft-council": render(
            text("deliberation"), replace(CONTEXTS["deliberation"], number="", dated_on=None)
        ),
        "certified": render(text("decision"), CERTIFIED_ACT),
        "certified-avenant": render(
            text("amendment_decision"),
            replace(
                CONTEXTS["amendment_decision"],
                deposited_on=EXECUTORY_ACT.deposited_on,
                published_on=EXECUTORY_ACT.published_on,
                **CERTIFICATE,
            ),
        ),
        "preview-of-act": render(text("deliberation"), CONTEXTS["deliberation"], draft=True),
        "preview-of-avenant": render(text("amendment"), CONTEXTS["amendment"], draft=True),
        "preview-of-letter": render(text("termination"), SECOND_LETTER, draft=True),
        "changes": render(text("amendment"), CONTEXTS["amendment"]),
    }
    assert_valid({name: made.content for name, made in (documents | unusual).items()})


@pytest.mark.parametrize("name", ["A" * 120, "Saint-Jean-de-" * 8 + "Vergas", "Longue " * 17])
@pytest.mark.parametrize("kind", ["convention", "decision"])
def test_a_name_of_120_characters_is_printed_whole(printed_text, kind, name):
    context = replace(CONTEXTS[kind], collectivity=party_of(name.strip()))
    words = printed_text(render(text(kind), context).content)
    # Where a line ends, its space or hyphen is lost to the reader.
    assert re.sub("[ -]", "", name) in re.sub("[ -]", "", words)


def test_a_text_of_forty_pages_is_printed_whole(printed_text):
    paragraph = "La collectivité assure l'équipement et la maintenance informatiques. " * 6
    articles = [f"## Article {number} – Suite\n\n{paragraph}" for number in range(12, 290)]
    before, signatures = text("convention").body.split("## Signatures")
    body = "\n\n".join([before, *articles, f"## Signatures{signatures}"])
    assert proofread("convention", body) == []
    long = TextModel(kind="convention", version=1, title="Essai", body=body)
    rendered = render(long, CONVENTION)
    assert rendered.pages >= 40
    assert "Article 289 – Suite" in printed_text(rendered.content)
