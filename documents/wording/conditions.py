"""Paragraphs that a text prints only where something is owed, or only where nothing is.

« {{ si_payant }} » or « {{ si_gratuit }} », alone on its line, opens them; « {{ fin_si }} »
closes them. They do not nest.
"""

import re
from collections.abc import Iterator

from documents.wording.kinds import EVERY_KIND
from documents.wording.merge_field import FieldType, MergeField

OWED, FREE, END = "si_payant", "si_gratuit", "fin_si"
_LABELS = {
    OWED: "Ce qui suit, s'il y a une participation à payer",
    FREE: "Ce qui suit, si la convention est gratuite",
    END: "Fin de ce qui dépend de la participation",
}
CONDITIONS = tuple(
    MergeField(
        key, label, "rien : ouvre ou ferme une condition", lambda c: "", EVERY_KIND, FieldType.BLOCK
    )
    for key, label in _LABELS.items()
)
_FIELD = re.compile(rf"\{{\{{\s*({'|'.join(_LABELS)})\s*\}}\}}")
# Alone on its line, but for blanks: those that do not break count too.
_MARK = re.compile(rf"^[^\S\n]*{_FIELD.pattern}[^\S\n]*$", re.MULTILINE)


def printed(body: str, *, is_free: bool) -> str:
    """Return what a text prints of itself, its conditions and what they leave out taken away."""
    first, *rest = _MARK.split(body)
    kept = [first]
    for key, words in zip(rest[::2], rest[1::2], strict=True):
        if key == END or (key == FREE) == is_free:
            kept.append(words)
    return "".join(kept)


def says_free(body: str) -> bool:
    """Tell whether a text has words for a convention that asks for nothing."""
    return any(mark[1] == FREE for mark in _MARK.finditer(body))


def unpaired(body: str) -> Iterator[tuple[int, str]]:
    """Yield (line, key) of each condition that opens in another, or closes none, or is left open.

    One that is not alone on its line (« - {{ si_payant }} ») would not be seen: it is in no pair.
    """
    opened: tuple[int, str] | None = None
    marks = {mark.start(1) for mark in _MARK.finditer(body)}
    for field in _FIELD.finditer(body):
        here = body.count("\n", 0, field.start()) + 1, field[1]
        if field.start(1) not in marks:
            yield here
            continue
        if (opened is None) == (field[1] == END):
            yield here
        opened = None if field[1] == END else here
    if opened:
        yield opened
