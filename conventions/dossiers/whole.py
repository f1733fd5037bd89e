"""A file as a whole, read: what a page about it shows, for either side, in few queries."""

from collections.abc import Iterable
from functools import cached_property

from django.db.models import Prefetch, prefetch_related_objects

from conventions.amendments.models import Amendment
from conventions.correspondence import unanswered
from conventions.dossiers import progress
from conventions.dossiers.parts import fetch_parts, parts_of
from conventions.dossiers.progress import Step
from conventions.exchanges.models import Message
from conventions.lifecycle import COLLECTIVITY_SIGNED
from conventions.models import (
    Convention,
    Dossier,
    Enrolment,
    Piece,
    SignedByBoth,
    can_withdraw,
    still_to_issue,
)
from conventions.situations.situation import Situation, situation
from conventions.situations.warnings import SCHOOLS
from conventions.terminations.models import Termination
from lifecycle.models import JournalEntry

_ACTS = (Piece.Kind.ACT, Piece.Kind.AMENDMENT_ACT, Piece.Kind.ACT_EXECUTORY)


class WholeFile:
    """What is known of a convention and its parts. Nothing is written."""

    def __init__(self, convention: Convention) -> None:
        self.convention = convention
        fetch_parts([convention])
        prefetch_related_objects(
            [convention], SCHOOLS, Prefetch("pieces", Piece.objects.with_documents())
        )

    @cached_property
    def parts(self) -> list[Dossier]:
        return parts_of(self.convention)

    @property
    def amendments(self) -> list[Amendment]:
        return [part for part in self.parts if isinstance(part, Amendment)]

    @property
    def termination(self) -> Termination | None:
        """The procedure under way or, failing that, the last one."""
        return next((p for p in reversed(self.parts) if isinstance(p, Termination)), None)

    # --- Schools ------------------------------------------------------------
    @property
    def _enrolments(self) -> Iterable[Enrolment]:
        return self.convention.enrolments.all()

    @property
    def issued(self) -> list[Enrolment]:
        """The schools that the convention prints, as `as_issued` finds them."""
        return [
            enrolment
            for enrolment in self._enrolments
            if not enrolment.added_by_id and (enrolment.removed_by_id or not enrolment.released_on)
        ]

    @property
    def enrolled(self) -> list[Enrolment]:
        """The schools that are in the convention today."""
        return [enrolment for enrolment in self._enrolments if not enrolment.released_on]

    @property
    def released(self) -> list[Enrolment]:
        """The schools that were taken out."""
        return [enrolment for enrolment in self._enrolments if enrolment.released_on]

    # --- Pieces -------------------------------------------------------------
    def pieces_of(self, part: str) -> list[Piece]:
        """Return the pieces of one part ("", "A1", "T1"), the newest version of a kind first."""
        return [piece for piece in self.convention.pieces.all() if piece.part == part]

    @property
    def kinds_to_sign(self) -> set[str]:
        """The kinds of papers of the convention that a person of its collectivity still signs."""
        if self.situation is None or self.situation.now.closes:
            return set()
        act, kinds = self.convention.act, set()
        # Once it is executory, it was signed; in place of one withdrawn, another is taken.
        if self.convention.act_is_open or (act and (act.withdrawn_on or not act.executory_on)):
            kinds.add(Piece.Kind.ACT.value)
        if self.convention.state not in COLLECTIVITY_SIGNED:
            kinds.add(Piece.Kind.CONVENTION.value)
        return kinds

    @property
    def to_print(self) -> list[Piece]:
        """The current papers of the convention still to be signed, the act first; none outdated."""
        if not self.convention.party:
            return []
        gone = self.outdated | self.past | self.given_up
        return [
            piece
            for piece in self.pieces_of("")
            if piece.kind in self.kinds_to_sign and piece.pk not in gone and piece.document.file
        ]

    @property
    def lacks_paper_to_sign(self) -> bool:
        """Tell whether a paper to sign can be made, that is not there or no longer up to date."""
        wanted = self.kinds_to_sign.intersection(still_to_issue(self.convention))
        return not wanted.issubset({piece.kind for piece in self.to_print})

    @property
    def letters(self) -> list[Piece]:
        """Those of the procedures of termination."""
        return [piece for piece in self.convention.pieces.all() if piece.kind in Piece.LETTERS]

    @cached_property
    def outdated(self) -> set[int]:
        """The keys of the generated pieces whose facts have changed since, as `mark_outdated` wrote."""
        return {piece.pk for piece in self.convention.pieces.all() if piece.outdated}

    @cached_property
    def replaced(self) -> set[int]:
        """The keys of the generated pieces of which a newer version is in the same part."""
        return set(_replaced(self.convention.pieces.all()))

    @cached_property
    def of_withdrawn_act(self) -> set[int]:
        """The keys of what was generated of an act that was withdrawn: it authorises nothing."""
        parts = {part.part for part in self.parts if _is_act_withdrawn(part)}
        return {
            piece.pk
            for piece in self.convention.pieces.all()
            if piece.kind in _ACTS and piece.part in parts
        }

    @property
    def past(self) -> set[int]:
        """The keys of the generated pieces that nobody signs any more."""
        return self.replaced | self.of_withdrawn_act

    @cached_property
    def given_up(self) -> set[int]:
        """The keys of the drafts printed of an act that the collectivity gave up."""
        drafting = {part.part for part in self.parts if _is_drafting(part)}
        return {
            piece.pk
            for piece in self.convention.pieces.all()
            if piece.is_draft and piece.part not in drafting
        }

    @cached_property
    def withdrawable(self) -> set[int]:
        """The keys of the pieces that may be taken back today."""
        parts = {part.part: part for part in self.parts}
        pieces = self.convention.pieces.all()
        return {piece.pk for piece in pieces if can_withdraw(parts[piece.part], piece)}

    def lacks_documents(self, parts: Iterable[Dossier] | None = None) -> bool:
        """Tell whether a document that should be there was never generated."""
        return any(
            not {piece.kind for piece in self.pieces_of(part.part)}.issuperset(still_to_issue(part))
            for part in (self.parts if parts is None else parts)
        )

    def issued_as(self, document: int | None) -> list[Piece]:
        """Return the pieces that one document, by its key, is in this file."""
        return [piece for piece in self.convention.pieces.all() if piece.document_id == document]

    # --- What was said and done ----------------------------------------------
    @cached_property
    def thread(self) -> list[Message]:
        return list(self.convention.messages.select_related("attachment"))

    @property
    def unanswered(self) -> Message | None:
        """The town hall's message that waits for an answer (`correspondence`)."""
        return unanswered(self.convention, self.thread[-1] if self.thread else None)

    @cached_property
    def journal(self) -> list[JournalEntry]:
        """The whole journal, the newest first."""
        return list(self.convention.journal.all())

    @property
    def abandonment(self) -> JournalEntry | None:
        """What the journal says of how the file was given up."""
        given_up = (entry for entry in self.journal if entry.verb == "abandon" and not entry.part)
        return next(given_up, None)

    # --- What now -----------------------------------------------------------
    @cached_property
    def steps(self) -> list[Step]:
        return progress.steps(self.convention)

    @property
    def expected(self) -> Step | None:
        """What the town hall can do now, None when it only waits."""
        return progress.expected_now(self.steps)

    @cached_property
    def situation(self) -> Situation | None:
        return situation(self.convention)

    @cached_property
    def warnings(self) -> list[str]:
        """What is unusual; nothing once the file was given up."""
        return self.situation.unusual if self.situation else []


def _is_act_withdrawn(part: Dossier) -> bool:
    return isinstance(part, SignedByBoth) and part.act is not None and bool(part.act.withdrawn_on)


def _is_drafting(part: Dossier) -> bool:
    return isinstance(part, SignedByBoth) and part.act is not None and not part.act.is_adopted


def _replaced(pieces: Iterable[Piece]) -> Iterable[int]:
    newest: set[tuple[str, str]] = set()
    for piece in pieces:  # The newest version of a kind comes first.
        if (piece.part, piece.kind) in newest and piece.kind not in Piece.UPLOADED:
            yield piece.pk
        newest.add((piece.part, piece.kind))
