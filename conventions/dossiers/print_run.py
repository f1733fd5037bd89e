"""What a printing room is given: the conventions to sign of a selection, as one PDF."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from django.db.models import QuerySet

from conventions.dossiers.archive import latest_pieces, path_of
from conventions.models import Convention, Piece
from conventions.models.piece import PieceQuerySet
from documents.press.binding import bind

# Conventions that are put together while their agent waits: some seconds of work.
MAX_PIECES = 600
TO_SIGN = (Piece.Kind.CONVENTION, Piece.Kind.AMENDMENT)


def to_print(conventions: QuerySet[Convention]) -> PieceQuerySet:
    """Return the newest convention and avenant to sign of each, in the order of the archive."""
    return latest_pieces(conventions).filter(kind__in=TO_SIGN)


def merge(pieces: Iterable[Piece], target: BinaryIO) -> list[str]:
    """Bind `pieces` into `target`; return the names of those that storage lost."""
    absent: list[str] = []
    bind(_contents(pieces, absent), target)
    return absent


def _contents(pieces: Iterable[Piece], absent: list[str]) -> Iterator[bytes]:
    for piece in pieces:
        try:
            file = piece.document.file.open("rb")
        except FileNotFoundError:
            absent.append(path_of(piece))
            continue
        with file:
            yield file.read()
