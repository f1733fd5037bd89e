"""Two versions of a text side by side: what was taken out, put in, left alone."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from django.utils.html import conditional_escape, format_html_join
from django.utils.safestring import SafeString

from documents.models import TextModel

# Beyond, two paragraphs are shown whole rather than word by word.
_MAX_WORDS = 1500
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
Line = tuple[str, str]  # Its place ("Titre", "12") and its words.
_NO_LINE = ("", "")
Piece = tuple[bool, str]  # Whether it changed, and its words.


@dataclass(frozen=True)
class Row:
    """A line of both versions; `old` or `new` is empty when the other alone has it.

    `label` says what happened to it, for who does not see colours; blank when nothing.
    """

    label: str
    old_place: str = ""
    old: SafeString | str = ""
    new_place: str = ""
    new: SafeString | str = ""
    skipped: int = 0


def compare(old: TextModel, new: TextModel) -> list[Row]:
    """Return the rows of the comparison; long runs of equal lines are one row, counted."""
    before, after = _lines(old), _lines(new)
    matcher = SequenceMatcher(None, [words for _, words in before], [words for _, words in after])
    rows = []
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            rows += _same(before[i:j], after[k:m])
        else:
            pairs = zip_longest(before[i:j], after[k:m], fillvalue=_NO_LINE)
            rows += [_changed(*pair) for pair in pairs]
    return rows


def _lines(text: TextModel) -> list[Line]:
    lines = enumerate(text.body.split("\n"), 1)
    return [("Titre", text.title), *((str(n), line) for n, line in lines if line.strip())]


def _same(before: list[Line], after: list[Line]) -> list[Row]:
    rows = [
        Row("", place, words, other_place, words)
        for (place, words), (other_place, _) in zip(before, after, strict=True)
    ]
    if len(rows) <= 3:
        return rows
    return [rows[0], Row("", skipped=len(rows) - 2), rows[-1]]


def _changed(old: Line, new: Line) -> Row:
    """The row of two lines, one of them _NO_LINE when the other alone has it."""
    if new == _NO_LINE:
        return Row("supprimé", old_place=old[0], old=_marked("del", [(True, old[1])]))
    if old == _NO_LINE:
        return Row("ajouté", new_place=new[0], new=_marked("ins", [(True, new[1])]))
    left, right = _word_by_word(old[1], new[1])
    return Row("modifié", old[0], _marked("del", left), new[0], _marked("ins", right))


def _word_by_word(old: str, new: str) -> tuple[list[Piece], list[Piece]]:
    """Return the pieces of both lines, each with whether it changed."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if max(len(before), len(after)) > _MAX_WORDS:
        return [(True, old)], [(True, new)]
    codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    left = [(tag != "equal", "".join(before[i:j])) for tag, i, j, _, _ in codes]
    right = [(tag != "equal", "".join(after[k:m])) for tag, _, _, k, m in codes]
    return left, right


def _marked(tag: str, pieces: list[Piece]) -> SafeString:
    marked = (
        format_html_join("", f"<{tag}>{{}}</{tag}>", [(piece,)])
        if changed
        else conditional_escape(piece)
        for changed, piece in pieces
        if piece
    )
    return format_html_join("", "{}", ((piece,) for piece in marked))
