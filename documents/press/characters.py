"""The characters that a document can be printed with: those of its own faces, nothing else.

A character that the faces lack would be drawn with whatever font the machine has: the same
document would then print otherwise elsewhere. So each becomes one that they have, in one place,
for every way of printing:

- what is composed of several signs is one sign where there is one (Unicode's form C);
- the no-break hyphen that word processors write is a hyphen that does not break;
- what is invisible (soft hyphen, joiners, marks of direction) is left out;
- other forms of a sign (a full-width letter, a figure in a circle) are that sign;
- anything else is a white square, to be seen by whoever proofreads, and noted in the log.

The values that a document carries stay as they were typed.
"""

import html
import logging
import re
import unicodedata
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

from documents.press.plain import PRINT_DIR

logger = logging.getLogger(__name__)

WORD_JOINER = "\u2060"
_REPLACEMENT = "□"
_EQUIVALENTS = {
    "\u2011": f"-{WORD_JOINER}",
    # They end a line where HTML does not.
    "\u2028": " ",
    "\u2029": " ",
    "\u0085": " ",
    "\f": " ",
    "\v": " ",
}
_BLANKS = "\t\n\r"
_INVISIBLE = ("Cc", "Cf")
_VARIATION_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Between the signs of mark-up: a sign with an accent of its own would be no mark-up any more.
_BETWEEN_TAGS = re.compile("[^<>]+")


def printable(markup: str) -> str:
    """Return HTML in characters that the faces have."""
    if not unicodedata.is_normalized("NFC", markup):
        markup = _BETWEEN_TAGS.sub(lambda text: unicodedata.normalize("NFC", text[0]), markup)
    return _others().sub(lambda sign: _equivalent(sign[0]), markup)


@cache
def characters() -> frozenset[str]:
    """Return the characters that every face has, small and capital, what is invisible left out."""
    common = frozenset.intersection(*map(_characters_of, PRINT_DIR.glob("fonts/*.ttf")))
    return frozenset(
        sign
        for sign in common
        if unicodedata.category(sign) not in _INVISIBLE and common.issuperset(sign.upper())
    )


def _characters_of(path: Path) -> frozenset[str]:
    with TTFont(path, lazy=True) as face:
        return frozenset(map(chr, face.getBestCmap()))


@cache
def _others() -> re.Pattern[str]:
    """Return what finds a character that the faces have not."""
    return re.compile(f"[^{re.escape(''.join(sorted(characters())))}{_BLANKS}{WORD_JOINER}]")


@cache
def _equivalent(sign: str) -> str:
    if sign in _EQUIVALENTS:
        return _EQUIVALENTS[sign]
    if unicodedata.category(sign) in _INVISIBLE or _VARIATION_SELECTORS.match(sign):
        return ""
    known = unicodedata.normalize("NFKC", sign)
    if characters().issuperset(known):
        return html.escape(known)
    logger.warning("No face has %s (U+%04X)", ascii(sign), ord(sign))
    return _REPLACEMENT
