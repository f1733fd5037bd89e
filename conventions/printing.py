"""From a convention to what its documents print (`documents.contexts`)."""

import datetime
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Protocol

from communes import french
from communes.models import Collectivity, Party
from conventions.acts.models import Act
from conventions.acts.sitting import Sitting
from conventions.campaigns.models import Campaign
from conventions.campaigns.tariff_words import on_papers, typed_in_words
from conventions.campaigns.tariffs import Charge, Relief, Tariff
from conventions.models.enrolment import Enrolment, EnrolmentQuerySet
from documents.contexts import (
    ActContext,
    ConventionContext,
    PartyContext,
    RegionContext,
    SchoolLine,
    SittingContext,
)
from documents.wording.typography import long_date


class EnrolmentManager(Protocol):
    """The schools of a convention."""

    def as_issued(self) -> EnrolmentQuerySet: ...


class Printed(Protocol):
    """What is read of a `Convention`, which prints itself by these functions."""

    @property
    def reference(self) -> str: ...

    @property
    def sent_on(self) -> datetime.date | None: ...

    @property
    def collectivity_signed_on(self) -> datetime.date | None: ...

    @property
    def region_signed_on(self) -> datetime.date | None: ...

    @property
    def unit_fee(self) -> Decimal: ...

    @property
    def rule(self) -> Tariff: ...

    @property
    def exception(self) -> Relief | None: ...

    @property
    def charge(self) -> Charge: ...

    @property
    def amount(self) -> Decimal: ...

    @property
    def school_count(self) -> int: ...

    @property
    def collectivity_title(self) -> str: ...

    @property
    def campaign(self) -> Campaign: ...

    @property
    def collectivity(self) -> Collectivity: ...

    @property
    def party(self) -> Party | None: ...

    @property
    def act(self) -> Act | None: ...

    @property
    def enrolments(self) -> EnrolmentManager: ...


# What only the act with its executory mention prints (CGCT L2131-1).
EXECUTORY_FACTS = (
    "deposited_on",
    "published_on",
    "deposit_reference",
    "certified_on",
    "certified_by",
    "certified_capacity",
)


def region_context(campaign: Campaign) -> RegionContext:
    """Return the State's side, as the campaign names it."""
    region = campaign.region
    return RegionContext(
        full_name=region.full_name,
        address_line=region.address_line,
        postcode=region.postcode,
        city=region.city,
        place=region.place,
        litigation_court=region.litigation_court,
        signatory=campaign.signatory,
        signatory_civility=campaign.get_signatory_civility_display(),
        signatory_titles=tuple(campaign.signatory_titles.splitlines()),
    )


def party_context(convention: Printed) -> PartyContext:
    """Return the collectivity as confirmed; as it stands today while nothing is confirmed."""
    collectivity = convention.collectivity
    party = convention.party or collectivity
    return party_of(collectivity, party, title=convention.collectivity_title)


def party_of(collectivity: Collectivity, party: Party, *, title: str) -> PartyContext:
    """Return a collectivity with the details of `party`: its own, or a copy of some day."""
    with_article = french.with_article(title)
    return PartyContext(
        title=title,
        with_article=with_article,
        of_article=french.of_article(with_article),
        siret=party.siret,
        address=tuple(party.address),
        representative=party.representative,
        civility=party.get_representative_civility_display(),
        capacity=party.representative_capacity,
        capacity_with_article=party.capacity_with_article,
        council=collectivity.council,
        made_at=collectivity.made_at,
    )


def convention_context(convention: Printed) -> ConventionContext:
    """Return everything the convention prints."""
    lines = list(convention.enrolments.as_issued().select_related("typed"))
    return ConventionContext(
        reference=convention.reference,
        school_year=convention.campaign.school_year,
        dated_on=convention.sent_on,
        ends_on=convention.campaign.ends_on,
        unit_fee=convention.unit_fee,
        amount=convention.amount,
        schools=school_lines(lines),
        region=region_context(convention.campaign),
        collectivity=party_context(convention),
        signed_on=last_signature(convention.collectivity_signed_on, convention.region_signed_on),
        authorised_by=act_in_words(convention.act),
        tariff=on_papers(
            convention.rule,
            convention.charge,
            convention.exception,
            note=typed_in_words(convention.rule, lines),
        ),
    )


def last_signature(
    ours: datetime.date | None, theirs: datetime.date | None
) -> datetime.date | None:
    """Return the day from which both have signed, None until then."""
    return max(ours, theirs) if ours and theirs else None


def act_in_words(act: Act | None) -> str:
    """Return "la décision n° 2022DECAD076 du 10 octobre 2022", "" for one not taken, or withdrawn."""
    if act is None or act.dated_on is None or act.withdrawn_on:
        return ""
    return f"la {act} du {long_date(act.dated_on)}"


def act_context(convention: Printed, act: Act, *, executory: bool = False) -> ActContext:
    """Return everything the act prints; with its executory mention when `executory`."""
    return ActContext(
        reference=convention.reference,
        amount=convention.amount,
        school_count=convention.school_count,
        **act_values(convention, act, executory=executory),
    )


def school_lines(enrolments: Iterable[Enrolment]) -> tuple[SchoolLine, ...]:
    """Return schools as they are printed, in the order given."""
    return tuple(
        SchoolLine(
            uai=enrolment.uai,
            name=enrolment.name,
            commune=enrolment.commune_name,
            department=enrolment.department_code,
            fee=enrolment.fee,
        )
        for enrolment in enrolments
    )


def sitting_context(act: Act) -> SittingContext | None:
    """Return the sitting of a délibération, known or not; None for a décision."""
    if act.is_decision:
        return None
    sitting = act.sitting or Sitting()
    same = ("convened_on", "members", "present", "represented", "absent", "secretary")
    votes = ("votes_for", "votes_against", "abstentions", "not_voting")
    return SittingContext(
        proxies=tuple(line.strip() for line in sitting.proxies.splitlines() if line.strip()),
        **{name: getattr(sitting, name) for name in (*same, *votes)},
    )


def act_values(convention: Printed, act: Act, *, executory: bool) -> dict[str, Any]:
    """Return what every act prints of itself and of its parties."""
    collectivity = convention.collectivity
    party = party_context(convention)
    # As it was published; else as the collectivity publishes its acts (CGCT L2131-1 IV).
    mode = act.PublicationMode(act.publication_mode or collectivity.publicity_mode)
    online = mode == act.PublicationMode.ELECTRONIC
    return {
        "school_year": convention.campaign.school_year,
        "number": act.number,
        "dated_on": act.dated_on,
        "unit_fee": convention.unit_fee,
        "tariff": on_papers(convention.rule, convention.charge, convention.exception),
        "delegation_item": act.delegation_item,
        "delegation_reference": act.delegation_reference,
        "executor": act.executor,
        "sitting": sitting_context(act),
        "adapted_text": act.adapted_text,
        "letterhead": act.letterhead.name,
        "signatory": act.signatory,
        "signatory_capacity": act.signatory_capacity,
        "signatory_delegation": act.signatory_delegation,
        "prefect": collectivity.department.prefect,
        "court": collectivity.department.court,
        "website": collectivity.website if online else "",
        "publication_mode": f"{mode.label} {party.of_article}" if online else mode.label,
        "deposited_on": None,
        "published_on": None,
        **({name: getattr(act, name) for name in EXECUTORY_FACTS} if executory else {}),
        "region": region_context(convention.campaign),
        "collectivity": party,
    }
