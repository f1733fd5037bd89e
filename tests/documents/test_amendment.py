"""What an avenant and its act print."""

from dataclasses import replace
from decimal import Decimal

import pytest

from documents.rendering import render

from .samples import AMENDMENT, AMENDMENT_ACT, FACTS, text


@pytest.fixture
def printed(printed_text):
    return lambda kind, context: printed_text(render(text(kind), context).content)


@pytest.fixture
def printed_amendment(printed):
    return printed("amendment", AMENDMENT)


@pytest.mark.parametrize(
    "fact",
    [
        "RÉGION ACADÉMIQUE OCCITANIE",
        "Référence : ENT-2022-34337-A1",
        "Avenant à la convention de partenariat",
        "Avenant n° 1, année scolaire 2022-2023",
        "représentée par Madame Véronique NEGRET, Maire",
        "modifie la convention ENT-2022-34337, qui a pris effet le 10 octobre 2022",
        "l'ajout d'une école et le retrait d'une école",
        "le motif suivant : Ouverture d'une école et fermeture d'une autre.",
        "Écoles ajoutées Code UAI",
        "0349001Z École élémentaire publique Simone Veil",
        "Écoles retirées Code UAI",
        "0342026T École élémentaire publique Françoise Dolto",
        "était de 90 € ; elle reste inchangée",
        "2 × 45 € soit 90 €",
        "prend fin avec la convention, le 1er septembre 2023",
        "Signé le",
    ],
)
def test_it_says(printed_amendment, fact):
    assert fact in printed_amendment.replace("\u00a0", " ").replace("’", "'")


def test_a_table_with_no_school_is_left_out(printed):
    only_added = replace(AMENDMENT, amendment=replace(FACTS, removed=()))
    assert "Écoles retirées" not in printed("amendment", only_added)


@pytest.mark.parametrize(
    ("change", "words"),
    [("45.00", "augmente de 45 €"), ("-90.00", "diminue de 90 €"), ("0.00", "reste inchangée")],
)
def test_the_effect_on_the_participation_is_said_in_words(printed, change, words):
    context = replace(AMENDMENT, amendment=replace(FACTS, amount_change=Decimal(change)))
    assert words in printed("amendment", context).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("amendment_decision", ["DÉCISION N° 2023DECAD004", "Un avenant n° 1 à la convention"]),
        (
            "amendment_deliberation",
            ["DÉLIBÉRATION N° 2023DECAD004", "Est approuvé l'avenant n° 1", "autorise la Maire"],
        ),
    ],
)
def test_its_act_approves_this_avenant(printed, kind, facts):
    context = replace(
        AMENDMENT_ACT,
        collectivity=replace(AMENDMENT_ACT.collectivity, capacity_with_article="La Maire"),
    )
    page = printed(kind, context).replace("\u00a0", " ")
    for fact in (*facts, "0349001Z", "reste inchangée", "tribunal administratif de Montpellier"):
        assert fact in page
