"""French agreement for place names and public bodies, as printed on acts.

The article that opens a commune's name contracts with "de" and "à" when it is
masculine or plural: "du Vigan", "aux Matelles", but "de La Grande-Motte".
"""

import unicodedata

_VOWELS = "aeiouy"
# An initial H is mute in Languedoc ("d'Hérépian") and mostly aspirate in Gascony,
# where it stands for a Latin F ("de Hèches"): there "de" is the safer default.
# An agent can correct it on the commune (`Commune.of_name`).
GASCON_DEPARTMENTS = frozenset({"31", "32", "65"})


def _initial(name: str) -> str:
    return unicodedata.normalize("NFKD", name[:1]).lower()[:1]


def starts_with_vowel(word: str) -> bool:
    """Tell whether an article before `word` is elided ("L'Adjointe"); H is not looked at."""
    return _initial(word) in tuple(_VOWELS)


def of(name: str, *, aspirate_h: bool = False) -> str:
    """Return "de" + `name`: "d'Agde", "du Vigan", "des Matelles", "de La Grande-Motte"."""
    if name.startswith("Le "):
        return f"du {name[3:]}"
    if name.startswith("Les "):
        return f"des {name[4:]}"
    initial = _initial(name)
    if starts_with_vowel(name) or (initial == "h" and not aspirate_h):
        return f"d'{name}"
    return f"de {name}"


def at(name: str) -> str:
    """Return "à" + `name`: "à Agde", "au Vigan", "aux Matelles", "à La Grande-Motte"."""
    if name.startswith("Le "):
        return f"au {name[3:]}"
    if name.startswith("Les "):
        return f"aux {name[4:]}"
    return f"à {name}"


_MASCULINE_BODIES = ("syndicat", "sivu", "sivos", "sivom", "pôle", "pays", "regroupement")


def is_feminine_body(name: str) -> bool:
    """Tell whether a public body's name is feminine ("communauté", "métropole", "union")."""
    return not name.lower().startswith(_MASCULINE_BODIES)


def with_article(name: str) -> str:
    """Return a body's name after its article: "la communauté de…", "le syndicat…"."""
    lowered = name[:1].lower() + name[1:] if not name[:4].isupper() else name
    if starts_with_vowel(name):
        return f"l'{lowered}"
    return f"la {lowered}" if is_feminine_body(name) else f"le {lowered}"


def of_article(with_article: str) -> str:
    """Return "de" + a name with its article: "du syndicat…", "de la commune…"."""
    if with_article.startswith("le "):
        return f"du {with_article[3:]}"
    return f"de {with_article}"
