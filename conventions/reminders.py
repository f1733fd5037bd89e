"""The reminders that a campaign schedules by itself: which are due, to whom, and why not."""

import datetime
from dataclasses import dataclass, field

from django.utils import timezone

from conventions import bulk
from conventions.models import Campaign, Convention


@dataclass
class ScheduledReminders:
    """What a schedule asks for on one day; `left_out` pairs a convention with the reason."""

    campaign: Campaign
    due_on: datetime.date | None
    to_remind: list[Convention] = field(default_factory=list)
    left_out: list[tuple[Convention, str]] = field(default_factory=list)


def scheduled(campaign: Campaign) -> ScheduledReminders:
    """Return what the campaign's schedule asks for today; nothing is written.

    The day that counts is the last one of the schedule, up to the reply date: a worker
    stopped on the very day catches up later. A file reminded since then, by whomever, or
    sent since then, is left out, so that asking again the same day finds nothing.
    """
    due_on = _last_day(campaign)
    found = ScheduledReminders(campaign, due_on)
    if due_on is None:
        return found
    conventions = (
        campaign.conventions.with_parties()
        .prefetch_related("collectivity__users", "amendments")
        .filter(state__in=Convention.sources_of("remind"))
    )
    for convention in conventions.order_by("reference"):
        if not convention.waits_for_town_hall:
            continue
        if reason := _already_told(convention, due_on) or convention.reminder_refusal():
            found.left_out.append((convention, reason))
        else:
            found.to_remind.append(convention)
    return found


def send(found: ScheduledReminders) -> bulk.BulkReport:
    """Remind those found; each is checked again when its turn comes."""
    keys = [convention.pk for convention in found.to_remind]
    return bulk.apply(Convention.objects.filter(pk__in=keys), "remind", by=None)


def _last_day(campaign):
    today = timezone.localdate()
    if not campaign.is_open or campaign.reply_by is None or today > campaign.reply_by:
        return None
    days = (campaign.reply_by - datetime.timedelta(days=n) for n in campaign.reminder_days)
    return max((day for day in days if day <= today), default=None)


def _already_told(convention, due_on):
    if convention.reminded_on and convention.reminded_on >= due_on:
        return f"Relancée le {convention.reminded_on:%d/%m/%Y}, pour cette échéance."
    if convention.sent_on >= due_on:
        return f"Envoyée le {convention.sent_on:%d/%m/%Y}, après le jour prévu pour la relance."
    return ""
