"""A text on a real file, before it is chosen: what the file does not have yet stands in."""

import dataclasses
import datetime
from decimal import Decimal

from conventions.acts.models import Act, ActState
from conventions.amendments.models import Amendment
from conventions.amendments.printing import amendment_act_context, amendment_context
from conventions.campaigns.tariff_words import on_papers
from conventions.campaigns.tariffs import Charge
from conventions.models import Convention, Piece
from conventions.printing import act_context, convention_context
from conventions.terminations.models import Termination, last_termination
from conventions.terminations.printing import letter_context
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
    if kind in AMENDMENTS and convention.effective_on:
        if amendment := convention.amendments.with_changes().last():
            return _of_amendment(kind, amendment, today)
    if kind in AMENDMENTS:
        return _likely_amendment(kind, convention, today)
    if kind in ACTS:
        return act_context(convention, _act(kind, convention.act, today))
    return convention_context(convention)


def _of_amendment(kind: str, amendment: Amendment, today: datetime.date) -> Context:
    if kind in ACTS:
        return amendment_act_context(amendment, _act(kind, amendment.act, today))
    return amendment_context(amendment)


def _act(kind: str, act: Act | None, today: datetime.date) -> Act:
    """The act, where it is of that nature; else a likely one."""
    if act and act.is_decision == (kind in DECISIONS):
        return act
    nature = Act.Kind.DECISION if kind in DECISIONS else Act.Kind.DELIBERATION
    return Act(kind=nature, state=ActState.ADOPTED, number=f"{today.year}-001", dated_on=today)


def _letter(kind: str, convention: Convention, today: datetime.date) -> Context:
    letter = last_termination(convention)
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


def _likely_amendment(kind: str, convention: Convention, today: datetime.date) -> Context:
    printed = convention_context(convention)
    school = Charge(
        1, number=None if convention.number is None else 1, unit_fee=convention.unit_fee
    )
    charge = convention.charge.and_then(school)
    facts = AmendmentFacts(
        number=1,
        convention_reference=convention.reference,
        convention_signed_on=convention.effective_on or today,
        reason="Ouverture d'une école",
        added=printed.schools[:1] or (_SCHOOL,),
        removed=(),
        amount_before=convention.amount,
        amount_change=school.amount,
    )
    after = {
        "reference": f"{convention.reference}-A1",
        "amount": charge.amount,
        "tariff": on_papers(convention.rule, charge, convention.exception),
        "school_count": convention.school_count + 1,
    }
    source: Context = printed
    if kind in ACTS:
        source = act_context(convention, _act(kind, convention.act, today))
    target = AmendmentActContext if kind in ACTS else AmendmentContext
    names = {field.name for field in dataclasses.fields(target)}
    values = {name: getattr(source, name) for name in names if hasattr(source, name)}
    return target(**values | after, amendment=facts)
