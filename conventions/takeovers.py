"""What a change of payer does to the campaigns under way."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from conventions.lifecycle import REWORKABLE
from conventions.models import Campaign, ConventionSchool
from schools.models import School


@dataclass
class Consequence:
    """For one campaign: lines that the next preparation moves, and those that stay.

    `settled` lines are in a convention already sent: they stay until the next school
    year or an avenant. `unchanged` ones stay because the change comes after the first
    day of the campaign.
    """

    campaign: Campaign
    moved: list[ConventionSchool] = field(default_factory=list)
    settled: list[ConventionSchool] = field(default_factory=list)
    unchanged: list[ConventionSchool] = field(default_factory=list)


def consequences(schools: Iterable[School], since: datetime.date) -> list[Consequence]:
    """Return what a change of payer of `schools` on `since` does to each living campaign."""
    lines = (
        ConventionSchool.objects.filter(school__in=schools, released_on__isnull=True)
        .filter(campaign__state__in=[Campaign.State.PREPARATION, Campaign.State.OPEN])
        .select_related("campaign", "convention")
        .order_by("campaign__start_year", "commune_name", "uai")
    )
    by_campaign = defaultdict(list)
    for line in lines:
        by_campaign[line.campaign].append(line)
    return [_consequence(campaign, lines, since) for campaign, lines in by_campaign.items()]


def _consequence(campaign, lines, since) -> Consequence:
    if since > campaign.starts_on:
        return Consequence(campaign, unchanged=lines)
    settled = [
        line for line in lines if line.convention and line.convention.state not in REWORKABLE
    ]
    return Consequence(campaign, [line for line in lines if line not in settled], settled)
