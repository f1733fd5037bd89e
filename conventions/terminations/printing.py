"""From a procedure of termination to what its letters print (`documents.contexts`)."""

import datetime
from typing import Protocol

from conventions.models import Convention, Piece
from conventions.printing import party_of, region_context
from documents.contexts import LetterContext


class Printed(Protocol):
    """What is read of a `Termination`, which prints itself by this function."""

    @property
    def side(self) -> str: ...

    @property
    def reasons(self) -> str: ...

    @property
    def grievances(self) -> str: ...

    @property
    def notice_on(self) -> datetime.date: ...

    @property
    def conciliation_on(self) -> datetime.date | None: ...

    @property
    def second_letter_on(self) -> datetime.date | None: ...

    @property
    def convention(self) -> Convention: ...

    @property
    def conciliation_by(self) -> datetime.date: ...

    @property
    def terminates_on(self) -> datetime.date | None: ...

    @property
    def amicable_until(self) -> datetime.date | None: ...


def letter_context(termination: Printed, kind: str) -> LetterContext:
    """Return everything a letter of article 11 prints: the formal notice, or the second one."""
    convention = termination.convention
    is_second = kind == Piece.Kind.TERMINATION_LETTER
    return LetterContext(
        reference=convention.reference,
        school_year=convention.campaign.school_year,
        from_region=termination.side == "region",
        dated_on=(is_second and termination.second_letter_on) or termination.notice_on,
        effective_on=convention.effective_on,
        statement=termination.reasons if is_second else termination.grievances,
        notice_on=termination.notice_on,
        conciliation_by=termination.conciliation_by,
        conciliation_on=termination.conciliation_on,
        terminates_on=termination.terminates_on if is_second else None,
        amicable_until=termination.amicable_until if is_second else None,
        region=region_context(convention.campaign),
        # Whoever represents it on the day of the letter.
        collectivity=party_of(
            convention.collectivity, convention.collectivity, title=convention.collectivity_title
        ),
        is_free=convention.is_free,
    )
