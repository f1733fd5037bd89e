"""What a change of payer does to the campaigns under way."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from conventions.campaigns.models import Campaign
from conventions.lifecycle import REWORKABLE
from conventions.models import Enrolment
from schools.models import School


@dataclass
class Consequence:
    """For one campaign: enrolments that the next preparation moves, and those that stay.

    `settled` enrolments are in a convention already sent: they stay until the next school
    year or an avenant. `unchanged` ones stay because the change comes after the first
    day of the campaign.
    """

    campaign: Campaign
    moved: list[Enrolment] = field(default_factory=list)
    settled: list[Enrolment] = field(default_factory=list)
    unchanged: list[Enrolment] = field(default_factory=list)


def consequences(schools: Iterable[School], since: datetime.date) -> list[Consequence]:
    """Return what a change of payer of `schools` on `since` does to each living campaign."""
    enrolments = (
        Enrolment.objects.filter(school__in=schools, released_on__isnull=True)
        .filter(campaign__in=Campaign.objects.living())
        .select_related("campaign", "convention")
        .order_by("campaign__start_year", "commune_name", "uai")
    )
    by_campaign = defaultdict(list)
    for enrolment in enrolments:
        by_campaign[enrolment.campaign].append(enrolment)
    return [
        _consequence(campaign, enrolments, since) for campaign, enrolments in by_campaign.items()
    ]


def _consequence(
    campaign: Campaign, enrolments: list[Enrolment], since: datetime.date
) -> Consequence:
    if since > campaign.starts_on:
        return Consequence(campaign, unchanged=enrolments)
    settled = [
        enrolment
        for enrolment in enrolments
        if enrolment.convention and enrolment.convention.state not in REWORKABLE
    ]
    return Consequence(
        campaign, [enrolment for enrolment in enrolments if enrolment not in settled], settled
    )
