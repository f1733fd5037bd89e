"""What the act prints, and how it agrees."""

import datetime
from dataclasses import replace

import pytest

from documents.contexts import SittingContext, to_json
from documents.press.standing_type import print_pdf
from documents.references import mark_of, reference_of
from documents.rendering import page_html, render, source_of
from documents.wording import values
from tests.benchmark import pages

from .samples import ACT, EXECUTORY_ACT, VILLENEUVE, context_of, party_of, text

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
        "Une convention, annexée à la présente décision, est conclue",
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
    assert render(text("deliberation"), replace(COUNCIL, number="", dated_on=None)).pages == 1


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
    words = printed("decision", replace(ACT, prefect=prefect))
    # A hyphen where a line ends is not told from the others.
    assert f"transmise au {prefect}.".replace("-", "") in words.replace("-", "")


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
    words = printed("decision", one_date)
    assert "dépôt en préfecture le ……" in words
    assert "13 octobre 2022" not in words


def test_the_act_to_sign_has_a_frame_for_the_stamp_and_both_dates(printed):
    words = printed("decision", ACT)
    assert "Acte rendu exécutoire après dépôt en préfecture le ……" in words


def test_who_certifies_it_is_named_with_the_receipt(printed):
    certified = replace(
        EXECUTORY_ACT,
        deposit_reference="034-213403371-20221010-2022DECAD076-AU",
        certified_on=datetime.date(2022, 10, 14),
        certified_by="Véronique NEGRET",
        certified_capacity="Maire",
    )
    words = printed("decision", certified)
    assert "Accusé de réception : 034-213403371-20221010-2022DECAD076-AU" in words
    assert "Certifié exécutoire le 14 octobre 2022 par Véronique NEGRET, Maire" in words


# --- The sitting ----------------------------------------------------------------
SITTING = SittingContext(
    convened_on=datetime.date(2022, 10, 3),
    members=15,
    present=12,
    represented=2,
    absent=1,
    proxies=("Claude ROUX à Camille MARTIN", "Dominique PETIT à Lou GARCIA"),
    secretary="Lou GARCIA",
    votes_for=12,
    votes_against=1,
    abstentions=1,
    not_voting=0,
)
COUNCIL = replace(ACT, sitting=SITTING)


@pytest.mark.parametrize("kind", ["deliberation", "amendment_deliberation"])
def test_a_deliberation_says_its_sitting_and_its_vote(printed, kind):
    words = printed(kind, replace(context_of(kind, 2), sitting=SITTING))
    assert "réuni le 10 octobre 2022 sur convocation du 3 octobre 2022" in words
    assert "le quorum étant atteint" in words
    assert "membres en exercice : 15 ; présents : 12 ; représentés : 2 ; absents : 1" in words
    assert "Pouvoirs : Claude ROUX à Camille MARTIN ; Dominique PETIT à Lou GARCIA." in words
    assert "Lou GARCIA étant secrétaire de séance" in words
    assert "est adoptée par 12 voix pour, 1 contre et 1 abstention." in words


def test_it_is_signed_by_the_mayor_and_by_the_secretary(printed):
    words = printed("deliberation", COUNCIL)
    assert "Le Maire Véronique NEGRET" in words
    assert "Secrétaire de séance Lou GARCIA" in words
    assert "Secrétaire de séance" not in printed("decision", ACT)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"votes_for": 14, "votes_against": 0, "abstentions": 0}, "adoptée à l'unanimité"),
        ({"votes_against": 0}, "adoptée par 12 voix pour et 1 abstention"),
        ({"votes_for": 3, "votes_against": 11}, "rejetée par 3 voix pour, 11 contre"),
        ({"not_voting": 2}, "1 abstention, 2 membres n'ayant pas pris part au vote"),
        ({"votes_against": None}, "adoptée par 12 voix pour, ……… contre et 1 abstention(s)"),
    ],
)
def test_the_vote_is_said_in_words(facts, words):
    assert words in values.vote(replace(ACT, sitting=replace(SITTING, **facts)))


@pytest.mark.parametrize(
    ("present", "words"),
    [
        (8, "le quorum étant atteint"),
        (7, "sans condition de quorum, sur seconde convocation"),
        (None, "le quorum étant ………"),
    ],
)
def test_the_quorum_is_more_than_half_of_the_members(present, words):
    assert values.quorum(replace(ACT, sitting=replace(SITTING, present=present))) == words


def test_what_is_not_known_of_the_sitting_is_left_to_be_filled(printed):
    words = printed("deliberation", replace(ACT, sitting=SittingContext()))
    assert "sur convocation du ……" in words
    assert "présents : …" in words
    assert "Pouvoirs" not in words


def test_the_website_is_given_where_the_act_is_published(printed):
    words = printed("decision", replace(ACT, website="https://www.agde.fr"))
    assert "(https://www.agde.fr)" in words


def test_the_notice_never_stands_alone_on_a_second_page():
    commune = party_of("Saint-Julien-du-Puy-et-Sainte-Colombe-la-Commanderie")
    widest = pages.SITUATIONS["exécutoire, d'un syndicat, avec un en-tête"]
    act = widest(replace(ACT, sitting=pages.SITTING, collectivity=commune))
    mark = mark_of("ENT-2022-34337-D-K7XJ4R9P")
    assert print_pdf(page_html(text("deliberation"), act, mark), [])[1] == 2
    assert render(text("deliberation"), act).pages == 1


def test_an_act_too_long_for_a_page_is_not_tightened_in_vain():
    long = text("decision")
    long.body = long.body.replace("## Mentions", "Encore.\n\n" * 60 + "## Mentions")
    facts = to_json(ACT)
    reference = reference_of(long, facts)
    html = page_html(long, ACT, mark_of(reference))
    loose = print_pdf(html, [source_of(reference, long, facts)])
    printed = render(long, ACT)
    assert (printed.content, printed.pages) == (loose[0], 2)
