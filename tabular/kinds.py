"""What a file would change, kind by kind: somebody ticks the kinds that are written.

Nothing here knows the database. A run proposes the edits of each row; once all rows are
read, it learns which kinds are accepted, and writes those alone.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

EXAMPLES = 200  # Of a kind, that a report lists.
# Above this share of the rows that were known, a kind waits for somebody's eyes: a column of
# the file has moved, or a program has rewritten it.
HELD_ABOVE = 0.05
# Fewer edits than this are an everyday affair, whatever their share of a short file.
SERIES = 5


@dataclass(frozen=True)
class Edit:
    """What a file changes of a row: `kind` names the sort of change, `label` says it in French.

    `value` is what is written in `field`; both are blank where the row as a whole is created,
    closed, merged. `loses` tells that a text gets shorter or empty, `is_harmless` that nothing
    is lost whatever the number: a row that is new, a value where there was none.
    """

    kind: str
    label: str
    before: str = ""
    after: str = ""
    field: str = ""
    value: Any = None
    loses: bool = False
    is_harmless: bool = False

    def __str__(self) -> str:
        said = f"{self.before} → {self.after or '—'}" if self.before else self.after
        return f"{self.label} : {said}" if said else self.label


@dataclass(frozen=True)
class Example:
    """An edit as it is read: of which row, from what to what."""

    identifier: str
    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Kind:
    """One kind of change: how often, where, why it is held back (French, "" if it is not).

    `token` stands for these very edits: it is another as soon as one of them is.
    """

    key: str
    label: str
    count: int
    token: str
    examples: tuple[Example, ...]
    held: str = ""
    is_accepted: bool = False


@dataclass
class _Found:
    label: str
    is_harmless: bool
    edits: list[Example] = field(default_factory=list)
    written: list[tuple[str, ...]] = field(default_factory=list)
    losses: int = 0
    held: list[str] = field(default_factory=list)


class Kinds:
    """The edits of one run by kind, and once all are known, which kinds are accepted.

    `accepted` holds the tokens of the kinds that somebody ticked; None stands for all that
    nothing holds back. A token that no kind bears was shown of other edits: the rows are not
    what they were meanwhile, and `is_stale` says so.
    """

    def __init__(self, accepted: Collection[str] | None) -> None:
        self.is_stale = False
        self._wanted = accepted
        self._found: dict[str, _Found] = {}
        self._accepted: set[str] = set()

    def propose(self, identifier: str, name: str, edits: Sequence[Edit]) -> None:
        """Note what the file changes of a row: told once a kind, by the first edit of it."""
        told: set[str] = set()
        for edit in edits:
            found = self._found.setdefault(edit.kind, _Found(edit.label, edit.is_harmless))
            found.written.append((identifier, edit.field, edit.before, edit.after))
            if edit.kind in told:
                continue
            told.add(edit.kind)
            found.edits.append(Example(identifier, name, edit.before, edit.after))
            found.losses += edit.loses

    def hold(self, kind: str, reason: str) -> None:
        """Hold a kind back for a reason (French) that the run knows."""
        held = self._found[kind].held
        if reason not in held:
            held.append(reason)

    def settle(self, known: int) -> list[Kind]:
        """Return the kinds, those held back first, then the rarest; told which are accepted.

        `known` is how many rows of the file were there already.
        """
        kinds = sorted(self._kinds(known), key=lambda kind: (not kind.held, kind.count, kind.key))
        self._accepted = {kind.key for kind in kinds if kind.is_accepted}
        self.is_stale = bool(set(self._wanted or ()) - {kind.token for kind in kinds})
        return kinds

    def accepts(self, kind: str) -> bool:
        """Tell whether a kind is accepted; asked once they are settled."""
        return kind in self._accepted

    def _kinds(self, known: int) -> Iterator[Kind]:
        for key, found in self._found.items():
            token = _token(key, found.written)
            held = " ".join(found.held) or _why_held(found, known)
            is_accepted = not held if self._wanted is None else token in self._wanted
            examples = tuple(found.edits[:EXAMPLES])
            yield Kind(key, found.label, len(found.edits), token, examples, held, is_accepted)


def _why_held(found: _Found, known: int) -> str:
    count = len(found.edits)
    if found.is_harmless or count < SERIES:
        return ""
    if found.losses >= SERIES and found.losses * 2 > count:
        return "La plupart de ces textes perdraient des caractères."
    if count > known * HELD_ABOVE:
        share = round(100 * count / known) if known else 100
        return f"{share} % des lignes changeraient de la même façon."
    return ""


def _token(key: str, written: Sequence[tuple[str, ...]]) -> str:
    digest = hashlib.sha256()
    for edit in sorted(written):
        digest.update("\0".join((*edit, "\n")).encode())
    return f"{key}-{digest.hexdigest()[:16]}"
