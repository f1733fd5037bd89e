"""Reminding the town hall of a file that waits for it: by a person, or by the schedule.

What the schedule of a campaign asks for: which files, and why not the others.
"""

import datetime
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.utils import timezone

from accounts.models import User
from conventions.amendments.effects import awaited_amendment
from conventions.campaigns.models import Campaign
from conventions.dossiers import bulk
from conventions.dossiers.parts import PARTS
from conventions.dossiers.progress import expected_now, steps
from conventions.lifecycle import TRANSITIONS
from conventions.models import Convention
from conventions.situations.expectations import Rule
from conventions.situations.situation import situation


def remind(convention: Convention, *, by: User | None) -> None:
    """Write to the town hall what its file still waits for, all its parts considered.

    Raises TransitionRefused as `Convention.remind` does.
    """
    convention.remind(by=by, awaited=awaited(convention))


def refusal(convention: Convention) -> str:
    """Return why the town hall cannot be reminded today (French), "" when it can."""
    return convention.reminder_refusal(is_awaited=waits_for_town_hall(convention))


def awaited(convention: Convention) -> dict[str, Any] | None:
    """Return what a reminder says that the file waits for; None when it is nothing."""
    rule = _reminded(convention)
    if rule is None:
        return None
    amendment = awaited_amendment(convention) if rule.step == "amendment" else None
    return {
        "expected": expected_now(steps(convention)),
        "words": rule.town_hall,
        "amendment": amendment and {"number": amendment.number, "sent_on": amendment.sent_on},
    }


def waits_for_town_hall(convention: Convention) -> bool:
    """Tell whether the town hall is written to about what its file waits for."""
    return _reminded(convention) is not None


def _reminded(convention: Convention) -> Rule | None:
    now = situation(convention)
    rule = now.town_hall if now else None
    return rule if rule and rule.reminds else None


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
        .prefetch_related("collectivity__users", "pieces", *PARTS)
        .filter(state__in=TRANSITIONS["remind"].targets)
    )
    for convention in conventions.order_by("reference"):
        if not waits_for_town_hall(convention):
            continue
        if reason := _already_told(convention, due_on) or refusal(convention):
            found.left_out.append((convention, reason))
        else:
            found.to_remind.append(convention)
    return found


def send(found: ScheduledReminders) -> bulk.BulkReport:
    """Remind those found; each is checked again when its turn comes."""
    keys = [convention.pk for convention in found.to_remind]
    return bulk.apply(Convention.objects.filter(pk__in=keys), partial(remind, by=None))


def _last_day(campaign: Campaign) -> datetime.date | None:
    today = timezone.localdate()
    if not campaign.is_open or campaign.reply_by is None or today > campaign.reply_by:
        return None
    days = (campaign.reply_by - datetime.timedelta(days=n) for n in campaign.reminder_days)
    return max((day for day in days if day <= today), default=None)


def _already_told(convention: Convention, due_on: datetime.date) -> str:
    if convention.reminded_on and convention.reminded_on >= due_on:
        return f"Relancée le {convention.reminded_on:%d/%m/%Y}, pour cette échéance."
    if convention.sent_on and convention.sent_on >= due_on:
        return f"Envoyée le {convention.sent_on:%d/%m/%Y}, après le jour prévu pour la relance."
    return ""
