"""The proofs of a batch's titres as one ZIP: convention signed, act, executory mention."""

from django.db.models import Q

from billing.batches.columns import of_batch
from billing.models import Batch
from conventions.dossiers.archive import latest_pieces
from conventions.models import Convention, Piece
from conventions.models.piece import PieceQuerySet

PROOFS = (
    Piece.Kind.CONVENTION_SIGNED,
    Piece.Kind.AMENDMENT_SIGNED,
    Piece.Kind.ACT_SIGNED,
    Piece.Kind.ACT_EXECUTORY,
    Piece.Kind.DEPOSIT_RECEIPT,
)


def proofs_of(batch: Batch) -> PieceQuerySet:
    """Return the newest of each piece that proves what a batch asks for, in order of names."""
    conventions = Convention.objects.filter(
        Q(pk__in=of_batch(batch).order_by().values("claim__convention"))
    )
    return latest_pieces(conventions).filter(kind__in=PROOFS)
