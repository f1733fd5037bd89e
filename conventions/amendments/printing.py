"""From an avenant to what its documents print (`documents.contexts`)."""

import datetime
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Protocol

from communes.models import Party
from conventions.acts.models import Act
from conventions.campaigns.tariff_words import on_papers, typed_in_words
from conventions.campaigns.tariffs import Charge
from conventions.models import Convention, Enrolment
from conventions.printing import (
    act_in_words,
    act_values,
    last_signature,
    party_of,
    region_context,
    school_lines,
)
from documents.contexts import (
    AmendmentActContext,
    AmendmentContext,
    AmendmentFacts,
    PartyContext,
    TariffWords,
)


class Printed(Protocol):
    """What is read of an `Amendment`, which prints itself by these functions."""

    @property
    def number(self) -> int: ...

    @property
    def sent_on(self) -> datetime.date | None: ...

    @property
    def collectivity_signed_on(self) -> datetime.date | None: ...

    @property
    def region_signed_on(self) -> datetime.date | None: ...

    @property
    def act(self) -> Act | None: ...

    @property
    def unit_fee(self) -> Decimal: ...

    @property
    def reason(self) -> str: ...

    @property
    def new_end_on(self) -> datetime.date | None: ...

    @property
    def states_party(self) -> bool: ...

    @property
    def amount_change(self) -> Decimal: ...

    @property
    def convention(self) -> Convention: ...

    @property
    def party(self) -> Party | None: ...

    @property
    def reference(self) -> str: ...

    @property
    def added(self) -> Sequence[Enrolment]: ...

    @property
    def removed(self) -> Sequence[Enrolment]: ...

    @property
    def amount_before(self) -> Decimal: ...

    @property
    def amount_after(self) -> Decimal: ...

    @property
    def charge_after(self) -> Charge: ...

    @property
    def count_after(self) -> int: ...

    def lines_after(self) -> Iterable[Enrolment]: ...


def amendment_context(amendment: Printed) -> AmendmentContext:
    """Return everything an avenant prints."""
    convention = amendment.convention
    return AmendmentContext(
        reference=amendment.reference,
        school_year=convention.campaign.school_year,
        dated_on=amendment.sent_on,
        ends_on=amendment.new_end_on or convention.ends_on,
        unit_fee=amendment.unit_fee,
        amount=amendment.amount_after,
        school_count=amendment.count_after,
        amendment=_facts(amendment),
        region=region_context(convention.campaign),
        collectivity=_party(amendment),
        signed_on=last_signature(amendment.collectivity_signed_on, amendment.region_signed_on),
        authorised_by=act_in_words(amendment.act),
        tariff=_tariff(amendment),
    )


def amendment_act_context(
    amendment: Printed, act: Act, *, executory: bool = False
) -> AmendmentActContext:
    """Return everything the act for an avenant prints."""
    values = act_values(amendment.convention, act, executory=executory)
    return AmendmentActContext(
        reference=amendment.reference,
        amount=amendment.amount_after,
        school_count=amendment.count_after,
        amendment=_facts(amendment),
        **values
        | {
            "collectivity": _party(amendment),
            "tariff": _tariff(amendment),
        },
    )


def _tariff(amendment: Printed) -> TariffWords:
    """The convention's own tariff, and what it comes to once the avenant is signed."""
    convention = amendment.convention
    return on_papers(
        convention.rule,
        amendment.charge_after,
        convention.exception,
        note=typed_in_words(convention.rule, amendment.lines_after()),
    )


def _party(amendment: Printed) -> PartyContext:
    """Who the collectivity is on the day of the avenant, not on that of its convention."""
    convention = amendment.convention
    collectivity = convention.collectivity
    title = convention.collectivity_title
    return party_of(collectivity, amendment.party or collectivity, title=title)


def _facts(amendment: Printed) -> AmendmentFacts:
    convention = amendment.convention
    return AmendmentFacts(
        number=amendment.number,
        convention_reference=convention.reference,
        convention_signed_on=convention.effective_on,
        reason=amendment.reason,
        added=school_lines(amendment.added),
        removed=school_lines(amendment.removed),
        amount_before=amendment.amount_before,
        amount_change=amendment.amount_change,
        new_end_on=amendment.new_end_on,
        states_party=amendment.states_party,
    )
