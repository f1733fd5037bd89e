"""What the registered letters of article 11 print, whichever party writes."""

from dataclasses import replace

import pytest

from documents.rendering import render

from .samples import FORMAL_NOTICE, SECOND_LETTER, text


@pytest.fixture
def printed(printed_text):
    return lambda kind, context: printed_text(render(text(kind), context).content)


@pytest.mark.parametrize(
    "fact",
    [
        "Lettre recommandée avec accusé de réception",
        "À Montpellier, le 10 novembre 2022",
        "Objet : Mise en demeure – convention ENT-École 2022-2023",
        "ENT-2022-34337",
        "effet le 10 octobre 2022",
        "La liste des écoles n'est pas tenue.",
        "Les comptes <élèves> ne sont pas créés.",
        "au plus tard le 10 décembre 2022",
        "seconde lettre recommandée",
        "l'article 11",
    ],
)
def test_a_formal_notice_states_every_fact(printed, fact):
    assert fact in printed("formal_notice", FORMAL_NOTICE)


@pytest.mark.parametrize(
    "fact",
    [
        "lettre recommandée du 10 novembre 2022",
        "la conciliation du 1er décembre 2022 n'a pas abouti",
        "Rien n'a été fait.",
        "soit le 28 décembre 2022",
        "ne sont pas remboursées",
        "jusqu'au 13 janvier 2023 inclus",
        "tribunal administratif de Montpellier",
    ],
)
def test_a_second_letter_states_every_fact(printed, fact):
    assert fact in printed("termination", SECOND_LETTER)


def test_a_conciliation_that_nobody_held_is_said(printed):
    words = printed("termination", replace(SECOND_LETTER, conciliation_on=None))
    assert "aucune conciliation ne s'est tenue dans le mois qui a suivi" in words


def test_the_region_writes_to_the_collectivity_s_representative(printed):
    words = printed("formal_notice", FORMAL_NOTICE)
    assert "RÉGION ACADÉMIQUE OCCITANIE 31, rue de l'Université" in words
    assert "À l'attention de Madame Véronique NEGRET, Maire" in words
    assert "Madame le Maire," in words
    assert "Chancelière des universités Sophie BÉJEAN" in words


def test_the_collectivity_writes_to_the_region_s_signatory(printed):
    words = printed("formal_notice", replace(FORMAL_NOTICE, from_region=False))
    assert words.startswith("COMMUNE DE VILLENEUVE-LÈS-MAGUELONE")
    assert "À Villeneuve-lès-Maguelone, le" in words
    assert "Madame la Rectrice de la région académique Occitanie," in words
    assert "Le Maire de la commune de Villeneuve-lès-Maguelone Véronique NEGRET" in words


def test_what_the_sender_typed_is_set_in_paragraphs_and_never_read_as_html(printed):
    words = printed("formal_notice", replace(FORMAL_NOTICE, statement="Un <b>grief</b>.\n\nDeux."))
    assert "Un <b>grief</b>. Deux." in words


def test_a_letter_holds_on_one_page():
    assert render(text("formal_notice"), FORMAL_NOTICE).pages == 1
    assert render(text("termination"), SECOND_LETTER).pages == 1
