"""A town hall's deadlines as a calendar (iCalendar, RFC 5545)."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone
from icalendar import Calendar, Event

from accounts.models import User
from conventions import lifecycle
from conventions.campaigns.models import Campaign
from conventions.lifecycle import State
from conventions.models import Convention
from conventions.terminations.lifecycle import CLOSED
from conventions.terminations.models import last_termination
from outbox.addresses import absolute

_REFRESH = datetime.timedelta(hours=12)


@dataclass(frozen=True)
class Deadline:
    """A day that a file awaits; `name` tells it from the others of the file, for ever."""

    name: str
    on: datetime.date
    title: str


def deadlines_of(convention: Convention) -> Iterator[Deadline]:
    """Yield what its town hall has to do by a day, and the delays that then end."""
    if convention.state != State.TERMINATED:
        yield from _of_the_year(convention)
    yield from _of_termination(convention)


def _of_the_year(convention: Convention) -> Iterator[Deadline]:
    campaign, act = convention.campaign, convention.act
    awaited = convention.state in (State.SENT, State.ACCEPTED, State.SIGNED_BY_REGION)
    if awaited and campaign.reply_by:
        yield Deadline("reply", campaign.reply_by, "Répondre au rectorat")
    if act:
        if act.planned_on:
            title = "Signer la décision" if act.is_decision else "Voter la délibération"
            yield Deadline("planned", act.planned_on, title)
        if act.report_due_on and not act.reported_on:
            yield Deadline("report", act.report_due_on, "Communiquer la décision au conseil")
        if act.appeal_ends_on:
            yield Deadline("appeal", act.appeal_ends_on, "Fin du délai de recours contre l'acte")
        if act.referral_ends_on:
            yield Deadline("referral", act.referral_ends_on, "Fin du délai de déféré du préfet")
    if convention.state == State.SIGNED:
        yield Deadline("end", convention.ends_on, "Fin de la convention")


def _of_termination(convention: Convention) -> Iterator[Deadline]:
    termination = last_termination(convention)
    if termination is None or termination.state in CLOSED:
        return
    key = f"termination-{termination.pk}"  # After an agreement, another may be opened.
    if termination.awaits_conciliation:
        yield Deadline(f"{key}-conciliation", termination.conciliation_by, "Tenir la conciliation")
    if termination.terminates_on and termination.is_open:
        yield Deadline(f"{key}-effect", termination.terminates_on, "Résiliation de la convention")
    if termination.amicable_until:
        yield Deadline(
            f"{key}-amicable",
            termination.amicable_until,
            "Fin du délai d'accord amiable, avant de saisir le tribunal",
        )


def calendar_of(user: User) -> bytes:
    """Return the deadlines of the files in the scope of `user`, as one .ics file.

    It names the collectivities and nobody; each event keeps its identifier whatever
    happens to its date, so that a diary moves it instead of doubling it.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Conventions ENT-École//FR")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", settings.SITE_NAME)
    calendar.add("refresh-interval", _REFRESH, parameters={"value": "DURATION"})
    conventions = (
        Convention.objects.for_user(user)
        .filter(state__in=lifecycle.VISIBLE_TO_TOWN_HALL)
        .exclude(campaign__state=Campaign.State.ARCHIVED)
        .with_parties()
        .prefetch_related("terminations")
        .order_by("pk")
    )
    for convention in conventions:
        for deadline in deadlines_of(convention):
            calendar.add_component(_event(convention, deadline))
    return calendar.to_ical()


def _event(convention: Convention, deadline: Deadline) -> Event:
    event = Event()
    event.add("uid", f"convention-{convention.pk}-{deadline.name}@conventions-ent-ecole")
    event.add("dtstamp", timezone.now())
    event.add("dtstart", deadline.on)
    event.add("summary", f"{deadline.title} : {convention.collectivity_title}")
    event.add("description", f"Convention ENT-École {convention.campaign.school_year}")
    event.add("url", absolute(convention.get_absolute_url()))
    event.add("transp", "TRANSPARENT")
    return event
