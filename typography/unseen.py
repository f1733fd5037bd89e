"""What is pasted carries signs that nobody sees: a word processor's soft hyphens, marks of
direction, spaces without width, ends of line of its own. They are left out where words come in.

Left in, they would refuse a name for a sign that its writer cannot see, keep a day from being
understood, and hide from the search what reads the same.
"""

import re
import unicodedata

# A manual line break of Word, a page break, Unicode's own: as they are printed.
_LINE_ENDS = re.compile("[\v\f\u0085\u2028\u2029]")
_KEPT = "\n\r\t"
_INVISIBLE = ("Cc", "Cf")


def as_seen(text: str) -> str:
    """Return what is typed or pasted as its reader sees it, each accent on its letter (form C)."""
    if text.isascii() and text.isprintable():
        return text
    composed = unicodedata.normalize("NFC", _LINE_ENDS.sub(" ", text))
    return "".join(s for s in composed if s in _KEPT or unicodedata.category(s) not in _INVISIBLE)
