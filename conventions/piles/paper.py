"""What a paper that came back signed says, beside being a piece: its act, its signature."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from accounts.models import User
from conventions.authority import record_act
from conventions.lifecycle import State
from conventions.models import Convention, Dossier, Piece, SignedByBoth

# The copies that the collectivity's signature is read on.
SIGNED_COPIES = (Piece.Kind.CONVENTION_SIGNED, Piece.Kind.AMENDMENT_SIGNED)


@dataclass(frozen=True)
class Paper:
    """What a person reads on the copy: the day of the signature, and the act when not known.

    `act` has `kind`, `number` and `dated_on`, or nothing.
    """

    signed_on: datetime.date
    act: Mapping[str, Any] = field(default_factory=dict)


def awaits_signature(dossier: Dossier) -> bool:
    """Tell whether the collectivity's signature is still to be recorded of this part of a file."""
    return (
        isinstance(dossier, SignedByBoth)
        and dossier.collectivity_signed_on is None
        and dossier.state not in ("prepared", "abandoned")
    )


def record_paper(dossier: Dossier, paper: Paper, *, by: User) -> None:
    """Record the act and the collectivity's signature, as the copy on file shows them.

    A convention that was not confirmed yet is: its collectivity has signed what it says. All
    or nothing; raises TransitionRefused or ValidationError as each verb does.
    """
    if not isinstance(dossier, SignedByBoth) or not awaits_signature(dossier):
        return
    with transaction.atomic():
        if isinstance(dossier, Convention) and dossier.state == State.SENT:
            dossier.accept(by=by)
        if paper.act and not dossier.adopted_act:
            record_act(dossier, by=by, **paper.act)
        dossier.sign_for_collectivity(by=by, on=paper.signed_on)
