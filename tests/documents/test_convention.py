"""What the convention prints, and how it lies on its pages."""

import datetime
import re
from dataclasses import replace
from decimal import Decimal

import pytest

from documents.rendering import render
from tests.night import at_night

from .samples import CONVENTION, DECISION, REGION, VILLENEUVE, convention_of, party_of, text


@pytest.fixture
def printed(printed_text):
    return lambda context: printed_text(render(text("convention"), context).content)


@pytest.fixture(scope="module")
def printed_2022(printed_text):
    return printed_text(render(text("convention"), CONVENTION).content)


@pytest.mark.parametrize(
    "fact",
    [
        "RÉGION ACADÉMIQUE OCCITANIE",
        "Liberté Égalité Fraternité",
        "ENT-2022-34337",
        "environnement numérique de travail (ENT-École)",
        "Année scolaire 2022-2023",
        "31, rue de l'Université, 34064 Montpellier Cedex 2",
        "représentée par Sophie BÉJEAN, Rectrice de la région académique Occitanie, Rectrice de "
        "l'académie de Montpellier, Chancelière des universités,",
        "SIRET : 213 403 371 00015",
        "Place Porte Saint-Laurent, 34750 Villeneuve-lès-Maguelone",
        "représentée par Madame Véronique NEGRET, Maire",
        "chaque commune d'un regroupement",
        "Préambule",
        "R. 222-24-2 (I, 5°) du code de l'éducation",
        "gestionnaire d'accès aux ressources (GAR)",
        "45 € TTC par école et par an",
        "titre de perception",
        "dispositif national de mesure d'audience (DNMA)",
        "directeur de la publication",
        "24 heures sur 24 et 7 jours sur 7",
        "la Rectrice de l'académie de Montpellier est responsable de ce traitement",
        "l'annuaire académique fédérateur (AAF)",
        "inscrit 2 écoles à l'ENT-École",
        "2 × 45 € soit 90 €",
        "0341255E École élémentaire publique Pierre Bouissinet Villeneuve-lès-Maguelone 34",
        "0342026T École élémentaire publique Françoise Dolto Villeneuve-lès-Maguelone 34",
        "prend fin le 1er septembre 2023",
        "mise en demeure",
        "quinze jours après l'envoi",
        "ne sont pas remboursées",
        "devant le tribunal administratif de Montpellier",
        "l'ENT unique du second degré, déployé dans tous les lycées",
        "pris en charge par l'Éducation nationale",
        "schéma directeur national des ENT",
    ],
)
def test_every_fact_of_the_2022_convention_is_printed(printed_2022, fact):
    assert fact in printed_2022


@pytest.mark.parametrize("number", range(1, 12))
def test_the_convention_has_eleven_articles(printed_2022, number):
    assert f"Article {number} –" in printed_2022


def test_one_school_is_singular(printed):
    words = printed(convention_of(1))
    assert "inscrit 1 école à" in words
    assert "1 × 45 € soit 45 €" in words


def test_amounts_show_thousands_and_cents_when_there_are_some(printed):
    assert "30 × 45 € soit 1 350 €" in printed(convention_of(30))
    small = replace(CONVENTION, unit_fee=Decimal("45.50"), amount=Decimal("91.00"))
    assert "2 × 45,50 € soit 91 €" in printed(small)


def test_a_syndicat_is_masculine(printed):
    party = replace(VILLENEUVE, title="Syndicat mixte X", civility="Monsieur")
    assert "représenté par Monsieur" in printed(replace(CONVENTION, collectivity=party))


def test_the_state_s_side_agrees_with_the_body_that_it_is(printed):
    words = printed(replace(CONVENTION, region=replace(REGION, full_name="GIP Y")))
    assert "Le GIP Y 31, rue de l'Université, 34064 Montpellier Cedex 2 représenté par" in words
    assert "Représenté par Sophie BÉJEAN" in words


def test_a_rector_is_masculine_when_the_signatory_is(printed):
    region = replace(
        REGION,
        signatory_civility="Monsieur",
        signatory_titles=("Recteur de la région académique Occitanie",),
    )
    words = printed(replace(CONVENTION, region=region))
    assert "le Recteur de la région académique Occitanie est responsable" in words


def test_it_is_dated_by_its_last_signature_never_by_its_sending(printed):
    words = printed(replace(CONVENTION, authorised_by=""))
    assert "À Montpellier, le ……" in words
    assert "10 octobre 2022" not in words
    signed = replace(CONVENTION, signed_on=datetime.date(2022, 10, 14))
    assert "À Montpellier, le 14 octobre 2022" in printed(signed)


@pytest.mark.parametrize(("civility", "word"), [("Madame", "habilitée"), ("Monsieur", "habilité")])
def test_the_act_that_authorises_it_is_named_once_taken(printed, civility, word):
    party = replace(VILLENEUVE, civility=civility)
    words = printed(replace(CONVENTION, collectivity=party))
    assert f"Véronique NEGRET, Maire, {word} par {DECISION}," in words
    assert "habilité" not in printed(replace(CONVENTION, authorised_by=""))


# With the eighth school the signatures fill their page; the ninth sends them to the next.
@pytest.mark.parametrize("count", [1, 8, 9, *at_night(2, 10, 11, 40, 190)])
def test_both_signatures_stay_together_with_the_text_they_sign(pages_text, count):
    pages = pages_text(render(text("convention"), convention_of(count)).content)
    signed = [page for page in pages if "Signé le" in page]
    assert len(signed) == 1
    assert signed[0].count("Signé le") == 2
    assert "le litige peut être porté devant" in signed[0]


# The 38th school would begin a page alone.
@pytest.mark.parametrize("count", [2, 38, *at_night(8, 36, 37, 40, 190)])
def test_no_school_is_alone_on_a_page_and_the_head_is_repeated(pages_text, count):
    pages = pages_text(render(text("convention"), convention_of(count)).content)
    rows = [len(re.findall(r"\b34\d{5}A\b", page)) for page in pages]
    assert sum(rows) == count
    assert 1 not in rows
    assert all("Code UAI" in page for page, number in zip(pages, rows, strict=True) if number)


def test_a_long_name_stays_on_the_page(pages_text):
    name = "Saint-Germain-de-Calberte-et-Saint-Étienne-Vallée-Française-le-Haut"
    context = replace(CONVENTION, collectivity=party_of(name))
    first_page = pages_text(render(text("convention"), context).content)[0]
    assert f"Commune de {name}" in first_page


def test_every_page_says_where_it_belongs(pages_text):
    pages = pages_text(render(text("convention"), CONVENTION).content)
    for number, page in enumerate(pages, start=1):
        assert f"ENT-2022-34337 · page {number} / {len(pages)}" in page


@pytest.mark.parametrize(
    "name",
    ["Agde", "Angoustrine-Villeneuve-des-Escaldes", "Saint-Remy-en-Bouzemont-" * 3 + "Isson"],
)
@pytest.mark.parametrize("titles", [1, 3])
def test_both_sides_sign_on_the_same_lines(printed_text, name, titles):
    region = replace(REGION, signatory_titles=REGION.signatory_titles[:titles])
    context = replace(CONVENTION, collectivity=party_of(name), region=region)
    words = printed_text(render(text("convention"), context).content, "-layout")
    assert "Représentée par Représentée par" in words
    assert "Madame Véronique NEGRET Sophie BÉJEAN" in words
    assert "Signé le : …………………… Signé le : ……………………" in words
