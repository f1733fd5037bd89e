"""What stands in the way of a request: some of it blocks, the rest wants a reason."""

import datetime
from collections.abc import Iterator
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models

from billing.claims.due import Due
from billing.models import Titre
from communes.identifiers import validate_siret
from conventions.acts import troubles
from conventions.acts.models import Act
from conventions.models import Piece
from law import deadlines


class Obstacle(models.TextChoices):
    NOT_SIGNED = "not_signed", "convention non signée par les deux parties"
    PENDING = "pending", "déjà demandé, réponse attendue"
    ASKED = "asked", "déjà demandé en totalité"
    NOTHING_DUE = "nothing_due", "montant nul : exonérée ou gratuite"
    AWAITS_NUMBER = "awaits_number", "réduction qui attend le numéro Chorus du titre à réduire"
    NO_SIRET = "no_siret", "SIRET manquant"
    WRONG_SIRET = "wrong_siret", "SIRET erroné"
    MERGED = "merged", "débiteur réuni à une autre collectivité"
    # What is amiss with an act: the same that the file's own page warns of.
    ACT_WITHDRAWN = troubles.WITHDRAWN.key, troubles.WITHDRAWN.label
    ACT_DRAFT = troubles.DRAFT.key, troubles.DRAFT.label
    NOT_EXECUTORY = troubles.NOT_EXECUTORY.key, troubles.NOT_EXECUTORY.label
    OBSERVATIONS = troubles.OBSERVATIONS.key, troubles.OBSERVATIONS.label
    PIECES_AWAITED = troubles.PIECES_AWAITED.key, troubles.PIECES_AWAITED.label
    NO_COPY = "no_copy", "copie signée absente du dossier"
    BELOW_MINIMUM = "below_minimum", "montant inférieur au minimum"
    PRESCRIBED = "prescribed", "créance prescrite"


# The others may be passed over, with a reason that the titre keeps.
BLOCKING = frozenset(
    {
        Obstacle.NOT_SIGNED,
        Obstacle.PENDING,
        Obstacle.ASKED,
        Obstacle.NOTHING_DUE,
        Obstacle.AWAITS_NUMBER,
        Obstacle.NO_SIRET,
        Obstacle.WRONG_SIRET,
        Obstacle.MERGED,
    }
)


def before_any_titre(due: Due) -> Obstacle | None:
    """Return why nothing can be asked for at all, None when something can."""
    if due.pending:
        return Obstacle.PENDING
    if due.to_cancel or due.left:
        return None
    return Obstacle.ASKED if due.asked else Obstacle.NOTHING_DUE


def found_on(due: Due, titre: Titre, acts: list[Act], minimum: Decimal) -> list[Obstacle]:
    """Return what stands in the way of a titre that would be made, what blocks first.

    A reduction or a cancellation is owed nothing: nothing stands in its way.
    """
    if titre.is_deduction:
        return []
    found = [
        *_about_the_debtor(due, titre),
        *_about_the_acts(acts),
        *_about_the_copies(due, titre),
        *_about_the_money(due, titre, minimum),
    ]
    return list(dict.fromkeys(found))


def _about_the_debtor(due: Due, titre: Titre) -> Iterator[Obstacle]:
    if due.debtor.merged_into_id:
        yield Obstacle.MERGED
    if not titre.siret:
        yield Obstacle.NO_SIRET
        return
    try:
        validate_siret(titre.siret)
    except ValidationError:
        yield Obstacle.WRONG_SIRET


def _about_the_acts(acts: list[Act]) -> Iterator[Obstacle]:
    for act in acts:
        yield from (Obstacle(trouble.key) for trouble in troubles.troubles_of(act))


def _about_the_copies(due: Due, titre: Titre) -> Iterator[Obstacle]:
    signed_as = {"": Piece.Kind.CONVENTION_SIGNED}
    on_file = {(piece.part, piece.kind) for piece in due.convention.pieces.all()}
    papers = [part for part in titre.parts if not part.startswith("D")]
    if any(
        (part, signed_as.get(part, Piece.Kind.AMENDMENT_SIGNED)) not in on_file for part in papers
    ):
        yield Obstacle.NO_COPY


def _about_the_money(due: Due, titre: Titre, minimum: Decimal) -> Iterator[Obstacle]:
    if titre.amount < minimum:
        yield Obstacle.BELOW_MINIMUM
    if due.as_at >= prescribed_on(due):
        yield Obstacle.PRESCRIBED


def prescribed_on(due: Due) -> datetime.date:
    """Return the first day on which what is due may no longer be claimed.

    From the last titre that was issued, which interrupts; from the signature before any.
    """
    days = [account.prescribed_on for account in due.standing]
    return max([deadlines.prescribed_on(due.convention.effective_on), *days])
