"""French agreement for place names and public bodies, as printed on acts.

The article that opens a commune's name contracts with "de" and "à" when it is
masculine or plural: "du Vigan", "aux Matelles", but "de La Grande-Motte".
"""

import re

from tabular.folding import fold

_VOWELS = frozenset("aeiou")
# An initial H is mute in Languedoc ("d'Hérépian") and mostly aspirate in Gascony,
# where it stands for a Latin F ("de Hèches"): there "de" is the safer default.
# An agent can correct it on the commune (`Commune.of_name`).
GASCON_DEPARTMENTS = frozenset({"31", "32", "65"})

# First words of the names of public bodies, folded. A name that opens otherwise is a proper
# name and takes no article ("Toulouse Métropole").
_FEMININE_BODIES = frozenset(
    {"academie", "agglomeration", "ca", "cc", "collectivite", "commune", "communaute", "cu"}
    | {"delegation", "direction", "drane", "dsden", "entente", "inspection", "metropole"}
    | {"region", "union", "ville"}
)
_MASCULINE_BODIES = frozenset(
    {"departement", "epci", "ept", "etablissement", "gip", "groupement", "pays", "petr", "pole"}
    | {"rectorat", "regroupement", "rpi", "secretariat", "service", "sivom", "sivos", "sivu"}
    | {"smivom", "smivos", "smivu", "syndicat"}
)
_ARTICLES = ("Le ", "La ", "Les ", "L'", "L’")


def starts_with_vowel(word: str) -> bool:
    """Tell whether "le", "la" and "de" are elided before `word` ("L'Adjointe").

    Y counts before a consonant only ("d'Yvetot", "de Yenne"). H is not looked at:
    whether it is mute cannot be read from the spelling.
    """
    letters = fold(word[:3])
    if letters.startswith("y"):
        return letters[1:2] not in _VOWELS
    return letters[:1] in _VOWELS


def of(name: str, *, aspirate_h: bool = False) -> str:
    """Return "de" + `name`: "d'Agde", "du Vigan", "des Matelles", "de La Grande-Motte"."""
    if name.startswith("Le "):
        return f"du {name[3:]}"
    if name.startswith("Les "):
        return f"des {name[4:]}"
    if starts_with_vowel(name) or (fold(name[:1]) == "h" and not aspirate_h):
        return f"d'{name}"
    return f"de {name}"


def at(name: str) -> str:
    """Return "à" + `name`: "à Agde", "au Vigan", "aux Matelles", "à La Grande-Motte"."""
    if name.startswith("Le "):
        return f"au {name[3:]}"
    if name.startswith("Les "):
        return f"aux {name[4:]}"
    return f"à {name}"


def without_cedex(city: str) -> str:
    """Return the town of a postal address, "Montpellier" from "Montpellier Cedex 2"."""
    return re.sub(r"\s+cedex\b.*", "", city, flags=re.IGNORECASE)


def _first_word(name: str) -> str:
    """The word that tells what a body is, folded: "etablissement"."""
    return fold(name.split(" ", 1)[0])


def is_feminine_body(name: str) -> bool:
    """Tell whether a body's name asks for the feminine ("la communauté… représentée").

    Proper names ("Toulouse Métropole") follow "collectivité", feminine.
    """
    return _first_word(name) not in _MASCULINE_BODIES


def with_article(name: str) -> str:
    """Return a body's name as it stands in a sentence.

    "la commune d'Agde", "le syndicat mixte X", "l'académie de Y", "le SIVU Z", "le Grand Narbonne";
    a proper name is left as it is: "Toulouse Métropole".
    """
    if name.startswith(_ARTICLES):
        return name[:1].lower() + name[1:]
    if _first_word(name) not in _FEMININE_BODIES | _MASCULINE_BODIES:
        return name
    is_acronym = name.split(" ", 1)[0].isupper()
    common = name if is_acronym else name[:1].lower() + name[1:]
    if starts_with_vowel(name):
        return f"l'{common}"
    return f"la {common}" if is_feminine_body(name) else f"le {common}"


def of_article(with_article: str) -> str:
    """Return "de" + what `with_article` returned: "du syndicat X", "de la commune Y"."""
    if with_article.startswith("le "):
        return f"du {with_article[3:]}"
    if with_article.startswith("les "):
        return f"des {with_article[4:]}"
    if with_article.startswith(("la ", "l'", "l’")):
        return f"de {with_article}"
    return of(with_article)
