"""From models to what a document prints (`documents.contexts`)."""

from communes import french
from documents.contexts import (
    ActContext,
    AmendmentActContext,
    AmendmentContext,
    AmendmentFacts,
    ConventionContext,
    LetterContext,
    PartyContext,
    RegionContext,
    SchoolLine,
)


def region_context(campaign) -> RegionContext:
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


def party_context(convention) -> PartyContext:
    """The collectivity as confirmed; as it stands today while nothing is confirmed."""
    collectivity = convention.collectivity
    party = convention if convention.is_party_confirmed else collectivity
    with_article = french.with_article(convention.collectivity_title)
    return PartyContext(
        title=convention.collectivity_title,
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


def convention_context(convention) -> ConventionContext:
    """Everything the convention prints."""
    return ConventionContext(
        reference=convention.reference,
        school_year=convention.campaign.school_year,
        dated_on=convention.sent_on,
        ends_on=convention.campaign.ends_on,
        unit_fee=convention.unit_fee,
        amount=convention.amount,
        schools=_printed(convention.schools.as_issued()),
        region=region_context(convention.campaign),
        collectivity=party_context(convention),
    )


def act_context(convention, *, executory: bool = False) -> ActContext:
    """Everything the act prints; with its executory mention when `executory`."""
    return ActContext(
        reference=convention.reference,
        amount=convention.amount,
        school_count=convention.school_count,
        **_act_values(convention, convention.act, executory),
    )


def amendment_context(amendment) -> AmendmentContext:
    """Everything an avenant prints."""
    convention = amendment.convention
    return AmendmentContext(
        reference=amendment.reference,
        school_year=convention.campaign.school_year,
        dated_on=amendment.sent_on,
        ends_on=convention.campaign.ends_on,
        unit_fee=amendment.unit_fee,
        amount=amendment.amount_after,
        school_count=amendment.count_after,
        amendment=_amendment_facts(amendment),
        region=region_context(convention.campaign),
        collectivity=party_context(convention),
    )


def amendment_act_context(amendment, *, executory: bool = False) -> AmendmentActContext:
    """Everything the act for an avenant prints."""
    return AmendmentActContext(
        reference=amendment.reference,
        amount=amendment.amount_after,
        school_count=amendment.count_after,
        amendment=_amendment_facts(amendment),
        **_act_values(amendment.convention, amendment.act, executory),
    )


def _amendment_facts(amendment) -> AmendmentFacts:
    return AmendmentFacts(
        number=amendment.number,
        convention_reference=amendment.convention.reference,
        convention_signed_on=amendment.convention.effective_on,
        reason=amendment.reason,
        added=_printed(amendment.added),
        removed=_printed(amendment.removed),
        amount_before=amendment.amount_before,
        amount_change=amendment.amount_change,
    )


def _printed(lines) -> tuple[SchoolLine, ...]:
    return tuple(
        SchoolLine(
            uai=line.uai,
            name=line.name,
            commune=line.commune_name,
            department=line.department_code,
            fee=line.fee,
        )
        for line in lines
    )


def _act_values(convention, act, executory) -> dict:
    """What every act prints of itself and of its parties."""
    collectivity = convention.collectivity
    party = party_context(convention)
    # An act is published online when nothing else was chosen (CGCT L2131-1 IV).
    mode = act.PublicationMode(act.publication_mode or act.PublicationMode.ELECTRONIC)
    online = mode == act.PublicationMode.ELECTRONIC
    return {
        "school_year": convention.campaign.school_year,
        "number": act.number,
        "dated_on": act.dated_on,
        "unit_fee": convention.unit_fee,
        "delegation_item": act.delegation_item,
        "delegation_reference": act.delegation_reference,
        "executor": act.executor,
        "adapted_text": act.adapted_text,
        "letterhead": act.letterhead.name,
        "signatory": act.signatory,
        "signatory_capacity": act.signatory_capacity,
        "signatory_delegation": act.signatory_delegation,
        "prefect": collectivity.department.prefect,
        "court": collectivity.department.court,
        "website": collectivity.website if online else "",
        "publication_mode": f"{mode.label} {party.of_article}" if online else mode.label,
        "deposited_on": act.deposited_on if executory else None,
        "published_on": act.published_on if executory else None,
        "region": region_context(convention.campaign),
        "collectivity": party,
    }


def letter_context(termination, kind: str) -> LetterContext:
    """Everything a letter of article 11 prints: the formal notice, or the second letter."""
    convention = termination.convention
    is_second = kind == "termination_letter"
    return LetterContext(
        reference=convention.reference,
        school_year=convention.campaign.school_year,
        from_region=termination.side == termination.Side.REGION,
        dated_on=termination.second_letter_on if is_second else termination.notice_on,
        effective_on=convention.effective_on,
        statement=termination.reasons if is_second else termination.grievances,
        notice_on=termination.notice_on,
        conciliation_by=termination.conciliation_by,
        conciliation_on=termination.conciliation_on,
        terminates_on=termination.terminates_on if is_second else None,
        amicable_until=termination.amicable_until if is_second else None,
        region=region_context(convention.campaign),
        collectivity=party_context(convention),
    )
