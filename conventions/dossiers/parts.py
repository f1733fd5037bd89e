"""The parts of a file: the convention, its avenants, the procedures that would end it."""

from django.db.models import Prefetch, prefetch_related_objects

from conventions.amendments.models import Amendment
from conventions.models import Convention, Dossier, Piece

# What a page about a file, or an action on thousands, fetches beforehand.
PARTS = (
    Prefetch("amendments", Amendment.objects.select_related("act__sitting").with_changes()),
    "terminations",
)


def parts_of(convention: Convention) -> list[Dossier]:
    """Return the convention, then its avenants, then its procedures of termination.

    In a constant number of queries, none when `PARTS` were prefetched; each part knows
    this very `convention`.
    """
    prefetch_related_objects([convention], *PARTS)
    return [convention, *convention.amendments.all(), *convention.terminations.all()]


def part_of(piece: Piece) -> Dossier:
    """Return the part of the file that a piece belongs to."""
    parts = parts_of(piece.convention)
    return next(part for part in parts if part.part == piece.part)
