"""Text folded for search: what a person types without accents must be found."""

import re
import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss"})
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015'’_/.,;:()]+")


def fold(text: str) -> str:
    """Return `text` in lower case, without accents, punctuation folded to one space.

    >>> fold("Villeneuve-lès-Maguelone")
    'villeneuve les maguelone'
    """
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
        text = "".join(c for c in decomposed if not _is_left_out(c))
    return _SEPARATORS.sub(" ", text).strip().lower()


def _is_left_out(sign: str) -> bool:
    """Accents, and what shows nothing: soft hyphens, joiners, marks of direction."""
    return bool(unicodedata.combining(sign)) or unicodedata.category(sign) == "Cf"
