"""What a printing room is given: the conventions to sign of a selection, as one PDF."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO

from django.db.models import QuerySet

from conventions.dossiers.archive import latest_pieces, path_of
from conventions.models import Convention, Piece
from conventions.models.piece import PieceQuerySet
from documents.press.binding import bind

TO_SIGN = (Piece.Kind.CONVENTION, Piece.Kind.AMENDMENT)


def to_print(conventions: QuerySet[Convention]) -> PieceQuerySet:
    """Return the newest convention and avenant to sign of each, in the order of the archive.

    But those that went to the archives with their campaign.
    """
    return latest_pieces(conventions).filter(kind__in=TO_SIGN).exclude(document__file="")


def gather(keys: Sequence[int], target: BinaryIO, *, pulse: Callable[[], None]) -> str:
    """Bind what the conventions of these keys have to sign; return what it holds (French)."""
    pieces = to_print(Convention.objects.filter(pk__in=keys))
    absent = merge(_one_by_one(pieces, pulse), target)
    held = f"Conventions et avenants dans le PDF : {pieces.count() - len(absent)}."
    return f"{held} Fichiers introuvables : {', '.join(absent)}." if absent else held


def _one_by_one(pieces: PieceQuerySet, pulse: Callable[[], None]) -> Iterator[Piece]:
    for piece in pieces.iterator(chunk_size=500):
        pulse()
        yield piece


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
