"""Text folded for search: what a person types without accents must be found."""

import re
import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss"})
_SEPARATORS = re.compile(r"[\s\-'’_/.,;:()]+")


def fold(text: str) -> str:
    """Return `text` in lower case, without accents, punctuation folded to one space.

    >>> fold("Villeneuve-lès-Maguelone")
    'villeneuve les maguelone'
    """
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
        text = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _SEPARATORS.sub(" ", text).strip().lower()
