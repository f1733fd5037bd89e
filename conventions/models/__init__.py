from conventions.models.after import AfterConvention
from conventions.models.convention import Convention, file_facts
from conventions.models.dossier import (
    Dossier,
    file_key,
    file_name,
    is_in_its_place,
    issue_documents,
    latest_piece,
    latest_pieces,
    mark_outdated,
    outdated_pieces,
    own_pieces,
    part_label,
    still_to_issue,
    text_in_use,
    try_to_issue,
)
from conventions.models.ending import ended_before
from conventions.models.enrolment import Enrolment
from conventions.models.party import ConfirmedParty
from conventions.models.piece import Piece
from conventions.models.received import (
    UnsignedCopy,
    attach,
    can_receive_pieces,
    can_withdraw,
    hand_in,
    withdraw,
)
from conventions.models.signed import SignedByBoth, signed_too_soon

__all__ = [
    "AfterConvention",
    "ConfirmedParty",
    "Convention",
    "Dossier",
    "Enrolment",
    "Piece",
    "SignedByBoth",
    "UnsignedCopy",
    "attach",
    "can_receive_pieces",
    "can_withdraw",
    "ended_before",
    "file_facts",
    "file_key",
    "file_name",
    "hand_in",
    "is_in_its_place",
    "issue_documents",
    "latest_piece",
    "latest_pieces",
    "mark_outdated",
    "outdated_pieces",
    "own_pieces",
    "part_label",
    "signed_too_soon",
    "still_to_issue",
    "text_in_use",
    "try_to_issue",
    "withdraw",
]
