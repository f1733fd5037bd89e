"""The papers that a part of a file receives: added, asked about when unsigned, taken back."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from conventions.models.dossier import (
    Dossier,
    add_piece,
    file_key,
    mark_outdated,
    own_pieces,
)
from conventions.models.piece import Piece
from documents.models import Document, Signature
from documents.received.uploads import UploadedPdf
from lifecycle.door import compare_and_swap, write_journal
from lifecycle.errors import TransitionRefused


class UnsignedCopy(TransitionRefused):
    """What was received is what was generated, unsigned: its sender is asked for their word."""

    def __init__(self, *kinds: str) -> None:
        super().__init__([ValidationError(self._say(kind), code="unsigned") for kind in kinds])

    @staticmethod
    def _say(kind: str) -> str:
        return (
            f"« {Piece.Kind(kind).label.capitalize()} » : ce fichier est l'exemplaire à signer, "
            "tel que le site l'a produit. Il n'est pas signé."
        )


def can_receive_pieces(dossier: Dossier) -> bool:
    """Tell whether a party may send files: neither before it is sent nor once given up.

    Nor once transferred to the archives.
    """
    is_open = dossier.state not in ("prepared", "abandoned") and not dossier.is_transferred
    return bool(dossier.RECEIVED) and is_open


def attach(
    dossier: Dossier, *, kind: str, pdf: UploadedPdf, by: User | None, even_unsigned: bool = False
) -> Piece:
    """Add a file received from a party as a new version, as `documents.received` kept it.

    The newest version sent again is that version: nothing is added. Raises UnsignedCopy for the
    very file that was generated to be signed: with `even_unsigned` it is kept, and proves nothing.
    """
    if kind not in dossier.RECEIVED:
        raise TransitionRefused({"kind": "Choisissez la nature de la pièce."})
    dossier.refuse_stranger(by)
    if not can_receive_pieces(dossier):
        raise TransitionRefused("Ce dossier ne reçoit pas de pièces dans son état actuel.")
    with transaction.atomic():
        document = Document.receive(pdf, by=by)
        standing = own_pieces(dossier).standing().filter(kind=kind).order_by("-version")
        latest = standing.select_related("document").first()
        if latest and latest.document.sha256 == document.sha256:
            return latest
        issued = _issued_documents(dossier)
        is_unsigned = issued.filter(sha256=document.sha256).exists()
        if is_unsigned and not even_unsigned:
            raise UnsignedCopy(kind)
        Signature.record(document, pdf.examination, issued=issued)
        return add_piece(dossier, kind, document, by, "Pièce déposée", is_unsigned=is_unsigned)


def hand_in(
    dossier: Dossier,
    papers: Mapping[str, UploadedPdf | None],
    *,
    by: User | None,
    even_unsigned: bool = False,
) -> list[Piece]:
    """Add what a town hall gives, by kind, or an agent in its place: the town hall is told then.

    Return the pieces, those that were there already too. All or nothing: raises as `attach` does,
    for all unsigned originals at once.
    """
    pieces, added, unsigned = [], [], []
    with transaction.atomic():
        for kind, pdf in papers.items():
            if pdf is None:
                continue
            version = dossier.version
            try:
                piece = attach(dossier, kind=kind, pdf=pdf, by=by, even_unsigned=even_unsigned)
            except UnsignedCopy:
                unsigned.append(kind)
                continue
            pieces.append(piece)
            if dossier.version != version:
                added.append(str(piece))
        if unsigned:
            raise UnsignedCopy(*unsigned)
        if added:
            dossier.tell_in_your_place(by, f"Pièces jointes : {', '.join(added)}")
    return pieces


def can_withdraw(dossier: Dossier, piece: Piece) -> bool:
    """Tell whether a file that was sent may be taken back: a signed copy, until both have signed."""
    is_settled = (
        dossier.state in ("signed", "terminated") and piece.kind in Piece.SIGNED_AS.values()
    )
    is_its_own = (piece.convention_id, piece.part) == (file_key(dossier), dossier.part)
    is_there = is_its_own and piece.kind in Piece.UPLOADED and not piece.withdrawn_at
    return is_there and can_receive_pieces(dossier) and not is_settled


def withdraw(dossier: Dossier, piece: Piece, *, by: User | None, reason: str) -> None:
    """Take back a file that was sent by mistake; it is kept, with the reason, and counts no more.

    Raises TransitionRefused (both have signed, a stranger, no reason) or StaleFile.
    """
    dossier.refuse_stranger(by)
    if not can_withdraw(dossier, piece):
        raise TransitionRefused(
            "Cette pièce ne se retire plus : les deux parties ont signé, ou elle est déjà retirée."
        )
    if not reason.strip():
        raise TransitionRefused({"reason": "Indiquez le motif."})
    with transaction.atomic():
        compare_and_swap(dossier)
        own_pieces(dossier).filter(pk=piece.pk).update(
            withdrawn_at=timezone.now(),
            withdrawn_by_name=by.signature if by else "système",
            withdrawal_reason=reason.strip(),
        )
        summary = f"Pièce retirée : {piece.name}, version {piece.version}"
        write_journal(dossier, by, "withdraw_piece", summary, comment=reason.strip())
        mark_outdated(dossier)  # A paper is to be signed again, as it was printed or not.
        dossier.tell_in_your_place(by, summary, reason.strip())


def _issued_documents(dossier: Dossier) -> QuerySet[Document]:
    """What was generated for any part of the file, every version."""
    pieces = Piece.objects.filter(convention=file_key(dossier))
    return Document.objects.filter(
        pk__in=pieces.exclude(kind__in=Piece.UPLOADED).values("document")
    )
