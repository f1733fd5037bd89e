"""Reminding the town hall of a file that waits for it: when it may be, how often."""

import datetime

from django.db import models, transaction
from django.utils import timezone

from conventions.lifecycle import State
from conventions.models.campaign import Campaign
from conventions.models.errors import TransitionRefused
from conventions.models.message import Message
from conventions.models.notification import Notification
from conventions.models.part import ConventionPart
from conventions.notifications import notify, recipients_of


class Reminders(ConventionPart, models.Model):
    """The reminders of a `Convention` (mixed into it): a person's act, or the schedule's."""

    reminder_count = models.PositiveSmallIntegerField("relances", default=0, editable=False)
    reminded_on = models.DateField("dernière relance le", null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def remind(self, *, by):
        """Write to the town hall what its file still waits for.

        Raises TransitionRefused when the file does not wait for the town hall, too soon
        after the last reminder, beyond the campaign's number of them, or with nobody to
        write to.
        """
        if refusal := self.reminder_refusal():
            raise TransitionRefused(refusal)
        number = self.reminder_count + 1
        with transaction.atomic():
            self._transition(
                "remind",
                by,
                summary=f"Relance n° {number} de la collectivité",
                reminder_count=number,
                reminded_on=timezone.localdate(),
            )
            notify(
                self,
                Notification.Kind.REMINDER,
                to=Message.Side.TOWN_HALL,
                by=by,
                amendment=self.awaited_amendment,
            )

    def reminder_refusal(self) -> str:
        """Return why the town hall cannot be reminded today (French), "" when it can."""
        if self.campaign.state == Campaign.State.ARCHIVED:
            return "La campagne est archivée."
        if not self.waits_for_town_hall:
            return (
                f"Rien n'est attendu de la collectivité : la convention est "
                f"{self.get_state_display()}."
            )
        if self.reminder_count >= self.campaign.reminder_cap:
            return f"Déjà relancée {self.reminder_count} fois, le maximum de la campagne."
        if (again := self.may_be_reminded_from) and again > timezone.localdate():
            return (
                f"Relancée le {self.reminded_on:%d/%m/%Y} : une nouvelle relance est possible à "
                f"partir du {again:%d/%m/%Y}."
            )
        if not recipients_of(self, Message.Side.TOWN_HALL):
            return "Personne à qui écrire : donnez une adresse à la collectivité, ou invitez quelqu'un."
        return ""

    @property
    def may_be_reminded_from(self) -> datetime.date | None:
        """First day the campaign's interval allows a reminder again; None before the first."""
        interval = datetime.timedelta(days=self.campaign.reminder_interval)
        return self.reminded_on and self.reminded_on + interval

    @property
    def waits_for_town_hall(self) -> bool:
        """Tell whether the next step is the town hall's: an answer, a signature, dates.

        Once it has signed, the dates awaited are those that make the act executory, and
        the report to the council when it is overdue; once both have, an avenant as well.
        """
        if self.state in (State.SENT, State.ACCEPTED, State.SIGNED_BY_REGION):
            return True
        if self.awaited_amendment:
            return True
        act = self.recorded_act
        if self.state not in (State.SIGNED_BY_COLLECTIVITY, State.SIGNED) or act is None:
            return False
        report_due = None if act.reported_on else act.report_due_on
        return not act.executory_on or bool(report_due and report_due < timezone.localdate())
