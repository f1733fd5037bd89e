"""The parts of a file: the convention, its avenants, the procedures that would end it."""

from collections.abc import Iterable

from django.db.models import Prefetch, prefetch_related_objects

from conventions.amendments.lifecycle import SENT
from conventions.amendments.models import Amendment
from conventions.models import Convention, Dossier, Piece
from conventions.models.signed import effective_day
from conventions.terminations.models import Termination

AMENDMENTS = Prefetch(
    "amendments",
    Amendment.objects.select_related("act__sitting").with_changes().order_by("number"),
)
# What a page about a file, or an action on thousands, fetches beforehand.
PARTS = (AMENDMENTS, Prefetch("terminations", Termination.objects.order_by("number")))


def fetch_parts(conventions: Iterable[Convention]) -> None:
    """Fetch `PARTS` of files, but of those that both have not signed yet: they have none."""
    prefetch_related_objects([each for each in conventions if effective_day(each)], *PARTS)


def parts_of(convention: Convention) -> list[Dossier]:
    """Return the convention, then its avenants, then its procedures of termination.

    In a constant number of queries, none when `PARTS` were fetched; each part knows
    this very `convention`.
    """
    if not effective_day(convention):
        return [convention]
    prefetch_related_objects([convention], *PARTS)
    return [convention, *convention.amendments.all(), *convention.terminations.all()]


def amendment_sent(convention: Convention, number: int) -> Amendment | None:
    """Return the avenant of that number, once its collectivity sees it; it knows its file."""
    prefetch_related_objects([convention], AMENDMENTS)
    amendments: Iterable[Amendment] = convention.amendments.all()
    return next((a for a in amendments if a.number == number and a.state in SENT), None)


def part_of(piece: Piece) -> Dossier:
    """Return the part of the file that a piece belongs to."""
    parts = parts_of(piece.convention)
    return next(part for part in parts if part.part == piece.part)
