"""A text on a real file, before it is chosen: what the file does not have yet stands in."""

import dataclasses
import datetime
from decimal import Decimal

from conventions.models import ActFacts, Convention, Piece, Termination
from conventions.printing import (
    act_context,
    amendment_act_context,
    amendment_context,
    convention_context,
    letter_context,
)
from documents.contexts import (
    AmendmentActContext,
    AmendmentContext,
    AmendmentFacts,
    Context,
    SchoolLine,
)
from documents.wording.kinds import ACTS, AMENDMENTS, DECISIONS, LETTERS, Kind

_SCHOOL = SchoolLine(
    uai="0340000X", name="École d'exemple", commune="Exemple", department="34", fee=Decimal(0)
)


def preview_context(kind: str, convention: Convention, *, today: datetime.date) -> Context:
    """Return what a text of nature `kind` would print for `convention`.

    Its own act, avenant or letter where there is one of that nature, else a likely one
    dated `today`. Nothing is written.
    """
    if kind in LETTERS:
        return _letter(kind, convention, today)
    has_amendment = kind in AMENDMENTS and convention.effective_on
    amendment = convention.amendments.with_schools().last() if has_amendment else None
    if kind in ACTS:
        owner = amendment or convention
        if owner.recorded_act is None or owner.act.is_decision != (kind in DECISIONS):
            owner.act = _act(owner.ACT_MODEL, kind, today)
    if kind not in AMENDMENTS:
        return act_context(convention) if kind in ACTS else convention_context(convention)
    if amendment:
        return amendment_act_context(amendment) if kind in ACTS else amendment_context(amendment)
    return _amendment(kind, convention, today)


def _act(model, kind, today) -> ActFacts:
    nature = model.Kind.DECISION if kind in DECISIONS else model.Kind.DELIBERATION
    return model(kind=nature, number=f"{today.year}-001", dated_on=today)


def _letter(kind, convention, today):
    letter = convention.last_termination
    if letter is None or (kind == Kind.TERMINATION and not letter.second_letter_on):
        letter = Termination(
            side=Termination.Side.REGION,
            notice_on=today,
            grievances="Les griefs sont exposés ici.",
            reasons="Les motifs sont exposés ici.",
            second_letter_on=today,
        )
    letter.convention = convention
    is_second = kind == Kind.TERMINATION
    piece = Piece.Kind.TERMINATION_LETTER if is_second else Piece.Kind.FORMAL_NOTICE
    context = letter_context(letter, piece)
    return dataclasses.replace(context, effective_on=convention.effective_on or today)


def _amendment(kind, convention, today):
    printed = convention_context(convention)
    facts = AmendmentFacts(
        number=1,
        convention_reference=convention.reference,
        convention_signed_on=convention.effective_on or today,
        reason="Ouverture d'une école",
        added=printed.schools[:1] or (_SCHOOL,),
        removed=(),
        amount_before=convention.amount,
        amount_change=convention.unit_fee,
    )
    after = {
        "reference": f"{convention.reference}-A1",
        "amount": convention.amount + convention.unit_fee,
        "school_count": convention.school_count + 1,
    }
    source = act_context(convention) if kind in ACTS else printed
    target = AmendmentActContext if kind in ACTS else AmendmentContext
    names = {field.name for field in dataclasses.fields(target)}
    values = {name: getattr(source, name) for name in names if hasattr(source, name)}
    return target(**values | after, amendment=facts)
