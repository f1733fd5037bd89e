import pytest

from communes import french


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Agde", "d'Agde"),
        ("Le Vigan", "du Vigan"),
        ("Les Matelles", "des Matelles"),
        ("La Grande-Motte", "de La Grande-Motte"),
        ("Montpellier", "de Montpellier"),
        ("Èze", "d'Èze"),
        ("Œuilly", "d'Œuilly"),
        ("Yvetot", "d'Yvetot"),
        ("Yenne", "de Yenne"),
        ("L'Hospitalet-près-l'Andorre", "de L'Hospitalet-près-l'Andorre"),
        ("Lespinasse", "de Lespinasse"),
        ("Los Masos", "de Los Masos"),
        ("Hérépian", "d'Hérépian"),
    ],
)
def test_de_contracts_or_elides_before_a_commune(name, expected):
    assert french.of(name) == expected


def test_de_is_not_elided_before_an_aspirate_h():
    assert french.of("Hèches", aspirate_h=True) == "de Hèches"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Agde", "à Agde"),
        ("Le Vigan", "au Vigan"),
        ("Les Matelles", "aux Matelles"),
        ("La Grande-Motte", "à La Grande-Motte"),
        ("L'Hospitalet-près-l'Andorre", "à L'Hospitalet-près-l'Andorre"),
    ],
)
def test_a_contracts_before_a_commune(name, expected):
    assert french.at(name) == expected


@pytest.mark.parametrize(
    ("name", "in_a_sentence", "after_de"),
    [
        ("Commune d'Agde", "la commune d'Agde", "de la commune d'Agde"),
        ("Région académique X", "la région académique X", "de la région académique X"),
        (
            "Communauté de communes X",
            "la communauté de communes X",
            "de la communauté de communes X",
        ),
        ("CC du Minervois", "la CC du Minervois", "de la CC du Minervois"),
        ("Syndicat mixte X", "le syndicat mixte X", "du syndicat mixte X"),
        ("SIVU des Trois Rives", "le SIVU des Trois Rives", "du SIVU des Trois Rives"),
        ("SYNDICAT MIXTE X", "le SYNDICAT MIXTE X", "du SYNDICAT MIXTE X"),
        ("Entente de l'Or", "l'entente de l'Or", "de l'entente de l'Or"),
        (
            "Direction des services départementaux X",
            "la direction des services départementaux X",
            "de la direction des services départementaux X",
        ),
        ("DSDEN de l'Hérault", "la DSDEN de l'Hérault", "de la DSDEN de l'Hérault"),
        ("Académie de Toulouse", "l'académie de Toulouse", "de l'académie de Toulouse"),
        ("Rectorat de Montpellier", "le rectorat de Montpellier", "du rectorat de Montpellier"),
        ("GIP FIPAN", "le GIP FIPAN", "du GIP FIPAN"),
        ("Groupement X", "le groupement X", "du groupement X"),
        ("Inspection académique X", "l'inspection académique X", "de l'inspection académique X"),
        ("Métropole de Lyon", "la métropole de Lyon", "de la métropole de Lyon"),
        ("Etablissement public X", "l'etablissement public X", "de l'etablissement public X"),
        ("Établissement public X", "l'établissement public X", "de l'établissement public X"),
        ("EPCI X", "l'EPCI X", "de l'EPCI X"),
        ("Toulouse Métropole", "Toulouse Métropole", "de Toulouse Métropole"),
        ("Albi Agglomération", "Albi Agglomération", "d'Albi Agglomération"),
        ("Le Grand Narbonne", "le Grand Narbonne", "du Grand Narbonne"),
        ("Les Avant-Monts", "les Avant-Monts", "des Avant-Monts"),
    ],
)
def test_a_public_body_takes_its_article_in_a_sentence(name, in_a_sentence, after_de):
    assert french.with_article(name) == in_a_sentence
    assert french.of_article(in_a_sentence) == after_de


@pytest.mark.parametrize(
    "name", ["Syndicat mixte X", "SIVU Y", "Pôle d'équilibre Z", "Établissement public X", "EPCI X"]
)
def test_a_syndicat_is_masculine(name):
    assert not french.is_feminine_body(name)


@pytest.mark.parametrize("name", ["Commune d'Agde", "Communauté X", "Toulouse Métropole"])
def test_a_commune_or_a_communaute_is_feminine(name):
    assert french.is_feminine_body(name)


@pytest.mark.parametrize("city", ["Montpellier Cedex 2", "Montpellier CEDEX", "Montpellier"])
def test_an_act_is_made_in_a_town_not_at_a_sorting_office(city):
    assert french.without_cedex(city) == "Montpellier"
