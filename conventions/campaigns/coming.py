"""The campaign to come, as it is proposed: the settings of the last one, a year later."""

import calendar
import datetime
from typing import Any

from django.utils import timezone

from communes.models import Region
from conventions.campaigns.models import PRINTED, TARIFF, Campaign
from documents.models import TextModel

TEXTS = {
    "decision_text": TextModel.Kind.DECISION,
    "deliberation_text": TextModel.Kind.DELIBERATION,
    "convention_text": TextModel.Kind.CONVENTION,
}
# How the campaign runs: taken from last year's, like the tariff and the signatory.
EXCHANGES = (
    "contact_name",
    "contact_phone",
    "contact_email",
    "reminder_interval",
    "reminder_cap",
    "reminder_schedule",
)
_SIGNATORY = tuple(name for name in PRINTED if name.startswith("signatory"))
_DATES = ("opens_on", "reply_by", "ends_on")


def proposed() -> dict[str, Any]:
    """Return the values of the coming school year by field of Campaign, the newest texts among them.

    What is not known is left out, or None.
    """
    last = Campaign.objects.first()
    year = last.start_year + 1 if last else timezone.localdate().year
    values: dict[str, Any] = {"start_year": year, "ends_on": datetime.date(year + 1, 9, 1)}
    for name, kind in TEXTS.items():
        published = TextModel.objects.published().filter(kind=kind)
        values[name] = published.order_by("-version").first()
    regions = Region.objects.all()[:2]
    if len(regions) == 1:
        values["region"] = regions[0]
    if last:
        copied = ("region", *TARIFF, *_SIGNATORY, *EXCHANGES)
        values |= {name: getattr(last, name) for name in copied}
        values |= {name: _a_year_later(getattr(last, name)) for name in _DATES}
    return values


def _a_year_later(day: datetime.date | None) -> datetime.date | None:
    """The same day of the next year; a 29 February gives the 28th, an unset date nothing."""
    if day is None:
        return None
    last_of_month = calendar.monthrange(day.year + 1, day.month)[1]
    return day.replace(year=day.year + 1, day=min(day.day, last_of_month))
