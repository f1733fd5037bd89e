"""How French is set: what is typed on a keyboard, mended where it is shown.

Strings are written with the keys that there are: a straight apostrophe, plain spaces, "1er".
`mend` and `mend_html` give them the signs of print. They are called where words leave the
product (pages, e-mails, documents), so that no string is forgotten and none is written twice.
"""

import re
from functools import lru_cache
from itertools import pairwise

NO_BREAK = "\u00a0"
APOSTROPHE = "’"

_MONTHS = "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
_UNITS = (
    r"€|%|×|octets?|[KMG]?[io]{1,2}\b|mm\b|cm\b|km\b|h\b|écoles?\b|conventions?\b|communes?\b"
    r"|élèves?\b|classes?\b|jours?\b|mois\b|heures?\b|minutes?\b|pages?\b|caractères?\b|voix\b|abstentions?\b"
)
# Each begins with the sign that it changes, and looks back from there: a sign is found at once,
# what stands before it is not. In this order, since each reads what the one before has written.
_STRAIGHT = re.compile(r"'(?<=\w')(?=[\w«“])")
_TIMES = re.compile(r"[ \u00a0](?<=\d.)[xX][ \u00a0](?=\d)")
_FIRST_OF_MONTH = re.compile(rf" (?<=\b1 )(?={_MONTHS}\b)")
# Spaces that end no line. None of these reads what another has written: one pass does them all.
_NOT_BROKEN = re.compile(
    # Never at the start of a line: double punctuation, a closing quotation mark, a unit.
    r" (?:(?:(?<=\S )|(?<=^ )) *(?=[;:!?»](?!\w))"
    rf"|(?<=\d )(?=(?:{_UNITS}))"
    # Never at the end of one: an opening quotation mark, what announces a number.
    r"|(?<=« )(?=\S)"
    r"|(?:(?<=\b[LRD]\. )|(?<=\b[Aa]rticle )|(?<=\bCedex ))(?=\d)"
    r"|(?<=n° )(?=\S)|(?<=\b[Mm]\. )(?=[A-ZÉÈ])"
    # Nor between a day and its month.
    rf"|(?:(?<=\b1er )|(?<=\b\d )|(?<=\b\d\d ))(?={_MONTHS}\b))"
)
_FIRST = re.compile(r"\b1er\b")

# What stands between tags is words, but in these.
_MARKUP = re.compile(
    r"<!--.*?-->|<(script|style|textarea|code|pre|svg)\b.*?</\1\s*>|<[a-zA-Z/!][^>]*>", re.DOTALL
)
_WRAPPED = re.compile(r"[ \n]*\n[ \n]*(?=[;:!?»](?!\w))|(?<=«)[ \n]*\n[ \n]*")
_APOSTROPHES = re.compile("&#(?:x27|39);")
# Words, too: read aloud, or shown under the pointer.
_SPOKEN = re.compile(
    r"""(\s(?:aria-label|aria-description|title|alt|placeholder)=)("[^"]*"|'[^']*')"""
)
# What a rule could change holds one of these: most words of a page, and its cells, none.
_TO_MEND = re.compile(r"['&«»;:!?°.\d](?:(?<=['&«°\d])|(?<=[ \n].)|(?<=[Mm]\.) )")
# Their words are shown as they are, with no mark-up inside.
_PLAIN = re.compile(r"<(title|option)\b", re.IGNORECASE)


def mend(text: str) -> str:
    """Return plain text with the apostrophes, the spaces and the signs of French print."""
    return "\n".join(map(_mend_line, text.split("\n")))


# Thousands of e-mails have most of their lines in common, as pages have their menus.
@lru_cache(maxsize=1024)
def _mend_line(line: str) -> str:
    if "'" in line:
        line = _STRAIGHT.sub(APOSTROPHE, line)
    if "x" in line or "X" in line:
        line = _TIMES.sub(f"{NO_BREAK}×{NO_BREAK}", line)
    if "1 " in line:
        line = _FIRST_OF_MONTH.sub(f"er{NO_BREAK}", line)
    return _NOT_BROKEN.sub(NO_BREAK, line)


def mend_html(html: str) -> str:
    """Return a page whose words are mended, and its ordinals raised: 1<sup>er</sup>.

    So are the attributes that are words. All other mark-up, scripts, what is typed in a field
    and what is shown as code stay.
    """
    pieces = []
    position, before = 0, ""
    for markup in _MARKUP.finditer(html):
        tag, start = markup[0], markup.start()
        if start > position:
            pieces.append(_mend_words(html[position:start], before))
        # Most tags of a page close one or say nothing: a list has thousands.
        pieces.append(_mend_attributes(tag) if "=" in tag else tag)
        before, position = tag, markup.end()
    pieces.append(_mend_words(html[position:], before))
    return "".join(pieces)


def tag_by_tag(html: str) -> list[str]:
    """Return a page cut before each tag: mended one by one, its pieces make what it makes."""
    cuts = [0, *(markup.start() for markup in _MARKUP.finditer(html)), len(html)]
    return [html[start:end] for start, end in pairwise(cuts)]


def _mend_words(words: str, before: str) -> str:
    """Mend what stands after the tag `before`: most often nothing, or the end of a line."""
    if not words or words.isspace() or not _TO_MEND.search(words):
        return words
    return _mend_those(words, is_plain=bool(_PLAIN.match(before)))


@lru_cache(maxsize=1024)
def _mend_those(words: str, *, is_plain: bool) -> str:
    if "&#" in words:
        words = _APOSTROPHES.sub("'", words)
    if "\n" in words:  # A line end is a space, here.
        words = _WRAPPED.sub(NO_BREAK, words)
    words = mend(words)
    if not is_plain and "1er" in words:
        words = _FIRST.sub("1<sup>er</sup>", words)
    # A straight apostrophe that stays is escaped again, as it came.
    return words.replace("'", "&#x27;")


def _mend_attributes(markup: str) -> str:
    """Mend what a tag says; of a script or a field with all it holds, the opening tag only."""
    # Looked for one by one: far quicker than a pattern, and few tags have any.
    is_silent = not (
        "aria-" in markup or "title=" in markup or "alt=" in markup or "placeholder=" in markup
    )
    if is_silent or markup.startswith("<!"):
        return markup
    tag, end, content = markup.partition(">")
    return _SPOKEN.sub(_mended_attribute, tag) + end + content


def _mended_attribute(attribute: re.Match[str]) -> str:
    name, value = attribute.groups()
    quote = value[0]
    return f"{name}{quote}{_mend_those(value[1:-1], is_plain=True)}{quote}"
