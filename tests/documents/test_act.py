"""What the act prints, and how it agrees."""

import datetime
from dataclasses import replace

import pytest

from documents.rendering import render

from .samples import ACT, EXECUTORY_ACT, VILLENEUVE, party_of, text

SYNDICAT = replace(
    VILLENEUVE,
    title="Syndicat mixte des Trois Rives",
    with_article="le syndicat mixte des Trois Rives",
    of_article="du syndicat mixte des Trois Rives",
    council="comité syndical",
    capacity="Président",
    capacity_with_article="Le Président",
)


@pytest.fixture
def printed(printed_text):
    return lambda kind, context: printed_text(render(text(kind), context).content)


@pytest.fixture(scope="module")
def printed_2022(printed_text):
    return printed_text(render(text("decision"), EXECUTORY_ACT).content)


@pytest.mark.parametrize(
    "fact",
    [
        "COMMUNE DE VILLENEUVE-LÈS-MAGUELONE",
        "RÉPUBLIQUE FRANÇAISE",
        "DÉCISION N° 2022DECAD076",
        "Le Maire de la commune de Villeneuve-lès-Maguelone,",
        "L. 2122-22",
        "loi n° 2013-595 du 8 juillet 2013",
        "espace numérique de travail (ENT) des écoles, dit « ENT-École »",
        "coopérer avec la région académique Occitanie",
        "un accompagnement, une assistance et une formation",
        "DÉCIDE",
        "31, rue de l'Université, 34064 Montpellier Cedex 2",
        "année scolaire 2022-2023",
        "45 € par école et par an, soit 90 € pour 2 écoles",
        "l'article 9 de la convention",
        "est annexé à la présente décision",
        "prochaine réunion du conseil municipal",
        "Madame la Directrice générale des services",
        "Fait à Villeneuve-lès-Maguelone, le 10 octobre 2022",
        "Le Maire Véronique NEGRET",
        "dépôt en préfecture le 13 octobre 2022 et publication le 13 octobre 2022",
        "sur le site internet de la commune de Villeneuve-lès-Maguelone",
        "transmise au Préfet de l'Hérault",
        "recours pour excès de pouvoir",
        "devant le tribunal administratif de Montpellier",
        "délai de deux mois",
        "https://citoyens.telerecours.fr",
        "www.telerecours.fr",
    ],
)
def test_every_fact_of_the_2022_decision_is_printed(printed_2022, fact):
    assert fact in printed_2022


def test_an_ordinary_act_holds_on_one_page():
    assert render(text("decision"), EXECUTORY_ACT).pages == 1
    assert render(text("deliberation"), EXECUTORY_ACT).pages == 1


@pytest.mark.parametrize(
    ("commune", "letterhead", "of", "made_at"),
    [
        ("Agde", "COMMUNE D'AGDE", "de la commune d'Agde", "Fait à Agde"),
        ("Le Vigan", "COMMUNE DU VIGAN", "de la commune du Vigan", "Fait au Vigan"),
        (
            "Les Matelles",
            "COMMUNE DES MATELLES",
            "de la commune des Matelles",
            "Fait aux Matelles",
        ),
        (
            "La Grande-Motte",
            "COMMUNE DE LA GRANDE-MOTTE",
            "de la commune de La Grande-Motte",
            "Fait à La Grande-Motte",
        ),
    ],
)
def test_the_commune_s_name_agrees_everywhere(printed, commune, letterhead, of, made_at):
    words = printed("decision", replace(ACT, collectivity=party_of(commune)))
    assert f"{letterhead} RÉPUBLIQUE FRANÇAISE" in words
    assert f"Le Maire {of}," in words
    assert f"la participation financière {of} est" in words
    assert f"{made_at}, le" in words


@pytest.mark.parametrize(
    "prefect",
    ["Préfet de l'Hérault", "Préfet du Gard", "Préfet des Hautes-Pyrénées", "Préfet de la Lozère"],
)
def test_the_act_goes_to_the_prefect_of_the_departement(printed, prefect):
    assert f"transmise au {prefect}." in printed("decision", replace(ACT, prefect=prefect))


def test_the_representative_is_named_as_wished(printed):
    party = replace(VILLENEUVE, capacity_with_article="La Maire")
    words = printed("deliberation", replace(ACT, collectivity=party, executor=""))
    assert "autorise la Maire à signer" in words
    assert "La Maire assure l'exécution" in words
    assert "La Maire Véronique NEGRET" in words


def test_a_deliberation_is_the_council_s(printed):
    words = printed("deliberation", ACT)
    assert "DÉLIBÉRATION N° 2022DECAD076" in words
    assert "Le conseil municipal de la commune de Villeneuve-lès-Maguelone," in words
    assert "Le conseil municipal, après en avoir délibéré, DÉLIBÈRE" in words
    assert "L. 2121-29" in words
    assert "La présente délibération est publiée" in words


@pytest.mark.parametrize("kind", ["decision", "deliberation"])
def test_a_draft_says_so_and_leaves_number_and_date_to_be_filled(printed, kind):
    words = printed(kind, replace(ACT, number="", dated_on=None))
    assert "PROJET" in words
    assert " N° ……" in words
    assert "Fait à Villeneuve-lès-Maguelone, le ……" in words
    assert "PROJET" not in printed(kind, ACT)


def test_a_decision_names_its_delegation_when_known(printed):
    known = replace(ACT, delegation_item="4°", delegation_reference="n° 12 du 28 mai 2020")
    words = printed("decision", known)
    assert "L. 2122-22 (4°) ;" in words
    assert "Vu la délibération n° 12 du 28 mai 2020 portant délégation" in words


def test_a_delegation_typed_with_its_noun_is_not_named_twice(printed):
    known = replace(ACT, delegation_reference="Délibération n° 12 du 28 mai 2020")
    assert "Vu la délibération n° 12 du 28 mai 2020 portant" in printed("decision", known)


def test_an_unknown_delegation_leaves_no_visa(printed):
    assert "portant délégation" not in printed("decision", ACT)


def test_a_deputy_signs_for_the_representative_by_the_delegation_given(printed):
    signed = replace(
        ACT,
        signatory="Claude ROUX",
        signatory_capacity="L'adjointe déléguée aux affaires scolaires",
        signatory_delegation="arrêté n° 2020-14 du 10 juillet 2020",
    )
    words = printed("decision", signed)
    assert (
        "Pour le Maire et par délégation (arrêté n° 2020-14 du 10 juillet 2020) L'adjointe "
        "déléguée aux affaires scolaires Claude ROUX" in words
    )
    assert "NEGRET" not in words


def test_a_syndicat_acts_under_its_own_articles(printed):
    words = printed("decision", replace(ACT, collectivity=SYNDICAT))
    assert "Le Président du syndicat mixte des Trois Rives," in words
    assert "L. 5211-10" in words
    assert "L. 2122" not in words


@pytest.mark.parametrize("known", ["deposited_on", "published_on"])
def test_the_executory_mention_waits_for_both_dates(printed, known):
    one_date = replace(ACT, **{known: datetime.date(2022, 10, 13)})
    assert "exécutoire" not in printed("decision", one_date)


def test_the_website_is_given_where_the_act_is_published(printed):
    words = printed("decision", replace(ACT, website="https://www.agde.fr"))
    assert "(https://www.agde.fr)" in words
