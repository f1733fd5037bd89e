"""Article 11: how one party ends a convention, step by step."""

import datetime

from django.db import transaction
from django.utils import timezone

from accounts.roles import Role
from conventions.lifecycle import State
from conventions.models.errors import TransitionRefused
from conventions.models.journal import JournalEntry
from conventions.models.message import Message
from conventions.models.notification import Notification
from conventions.models.part import ConventionPart
from conventions.models.termination import Termination
from conventions.notifications import notify

# In the order of article 11.
ENDING_VERBS = (
    "give_formal_notice",
    "record_conciliation",
    "record_settlement",
    "send_second_letter",
    "terminate",
)
# Taken by the party that opened the procedure; the others by whoever is diligent.
_INITIATOR_VERBS = ("give_formal_notice", "send_second_letter", "terminate")


class Ending(ConventionPart):
    """The procedure of termination of a `Convention` (mixed into it).

    Each verb takes dates of facts already done, refuses what comes too early at its
    field, writes the journal and tells the side that did not record it. The letters are
    pieces made by `issue_documents`.
    """

    @property
    def last_termination(self) -> Termination | None:
        """The procedure under way or, failing that, the last one; a prefetch serves."""
        terminations = list(self.terminations.all())
        return terminations[-1] if terminations else None

    @property
    def open_termination(self) -> Termination | None:
        last = self.last_termination if self.state == State.SIGNED else None
        return last if last and last.is_open else None

    def ending_verbs(self, role: str) -> list[str]:
        """Return the steps of article 11 that `role` may take today."""
        return [verb for verb in ENDING_VERBS if not self._why_not(verb, role)]

    def give_formal_notice(self, *, by, side: str, on: datetime.date, grievances: str):
        """Open the procedure for `side` (Termination.Side): registered letter of `on`.

        Given again before anything followed, it corrects what was recorded.
        """
        self._refuse_step("give_formal_notice", by)
        if by is not None and by.role == Role.TOWN_HALL and side != Termination.Side.COLLECTIVITY:
            raise TransitionRefused({"side": "Vous agissez au nom de votre collectivité."})
        self._refuse_future(on, "on")
        # The database computes it: unknown to an instance that has just been signed.
        self.refresh_from_db(fields=["effective_on"])
        self._refuse_before(on, self.effective_on, "la prise d'effet de la convention")
        self._refuse_blank(grievances, "grievances", "Exposez les griefs.")
        self._write_termination(
            self.open_termination or Termination(convention=self),  # type: ignore[misc]
            by,
            "give_formal_notice",
            f"Mise en demeure par la {Termination.Side(side).label}",
            {"side": side, "notice_on": on, "grievances": grievances.strip()},
        )

    def record_conciliation(self, *, by, on: datetime.date):
        """Record that the parties met on `on`; the second letter may follow at once."""
        self._refuse_step("record_conciliation", by)
        termination = self.open_termination
        self._refuse_future(on, "on")
        self._refuse_before(on, termination.notice_on, "la mise en demeure")
        self._write_termination(
            termination,
            by,
            "record_conciliation",
            "Réunion de conciliation enregistrée",
            {"conciliation_on": on},
        )

    def record_settlement(self, *, by, on: datetime.date):
        """Record that the parties agreed on `on`: the procedure is closed, nothing ends."""
        self._refuse_step("record_settlement", by)
        termination = self.open_termination
        self._refuse_future(on, "on")
        self._refuse_before(on, termination.notice_on, "la mise en demeure")
        if termination.conciliation_on:
            self._refuse_before(on, termination.conciliation_on, "la conciliation")
        self._write_termination(
            termination,
            by,
            "record_settlement",
            "Accord trouvé : la procédure de résiliation est close",
            {"settled_on": on},
        )

    def send_second_letter(self, *, by, on: datetime.date, reasons: str):
        """Record the second registered letter, which gives `reasons`; fifteen days run from it.

        Sent again before the termination, it corrects what was recorded.
        """
        self._refuse_step("send_second_letter", by)
        termination = self.open_termination
        self._refuse_future(on, "on")
        if on < termination.second_letter_from:
            raise TransitionRefused({"on": _too_early_for_second_letter(termination)})
        self._refuse_blank(reasons, "reasons", "Énoncez les motifs de la résiliation.")
        self._write_termination(
            termination,
            by,
            "send_second_letter",
            "Seconde lettre recommandée envoyée",
            {"second_letter_on": on, "reasons": reasons.strip()},
        )

    def terminate(self, *, by, on: datetime.date):
        """End the convention on `on`, fifteen days at least after the second letter.

        Nothing is refunded and the claim of the year stays (article 11).
        """
        termination = self.open_termination
        if termination and (reason := _why_not_this_side("terminate", termination, by and by.role)):
            raise TransitionRefused(reason)
        self._refuse_future(on, "on")
        if termination and termination.terminates_on:
            self._refuse_before(
                on, termination.terminates_on, "la fin des quinze jours après la seconde lettre"
            )
        summary = f"Convention résiliée le {on:%d/%m/%Y}"
        with transaction.atomic():
            self._transition("terminate", by, summary=summary)
            termination.terminated_on = on
            termination.save()
            self._tell_of_step(termination, by, summary)

    # --- What is refused ----------------------------------------------------
    def _refuse_step(self, verb, by):
        if reason := self._why_not(verb, by and by.role):
            raise TransitionRefused(reason)

    def _why_not(self, verb, role) -> str:
        """Return why a step is not open to `role` today, blank when it is."""
        if role == Role.FINANCE:
            return "La résiliation n'est pas ouverte à votre compte."
        if self.state != State.SIGNED:
            return (
                "La résiliation concerne une convention signée par les deux parties : celle-ci "
                f"est {self.get_state_display()}."
            )
        termination = self.open_termination
        if termination is None:
            if verb == "give_formal_notice":
                return ""
            return "Aucune procédure n'est en cours : elle commence par une mise en demeure."
        if reason := _why_not_this_side(verb, termination, role):
            return reason
        if verb == "terminate":
            return ", ".join(missing.label for missing in self.missing_for(verb))
        if verb == "give_formal_notice" and not termination.awaits_conciliation:
            return (
                f"Une procédure est déjà en cours, depuis la mise en demeure du "
                f"{termination.notice_on:%d/%m/%Y}."
            )
        if verb == "record_conciliation" and termination.second_letter_on:
            return "La seconde lettre est envoyée : la conciliation ne change plus."
        too_early = timezone.localdate() < termination.second_letter_from
        if verb == "send_second_letter" and too_early:
            return _too_early_for_second_letter(termination)
        return ""

    @staticmethod
    def _refuse_before(day, first, what):
        if day < first:
            raise TransitionRefused({"on": f"Cette date précède {what}, le {first:%d/%m/%Y}."})

    @staticmethod
    def _refuse_blank(text, field, message):
        if not text.strip():
            raise TransitionRefused({field: message})

    def _write_termination(self, termination, by, verb, summary, values):
        changes = {
            name: [getattr(termination, name), value]
            for name, value in values.items()
            if getattr(termination, name) != value
        }
        if not changes:
            return
        for name, value in values.items():
            setattr(termination, name, value)
        termination.full_clean(exclude=["convention"])
        with transaction.atomic():
            self._compare_and_swap()
            termination.save()
            JournalEntry.about(self, by=by, verb=verb, summary=summary, changes=changes).save()
            self.mark_outdated()
            self._tell_of_step(termination, by, summary)

    def _tell_of_step(self, termination, by, step):
        is_by_town_hall = by is not None and by.role == Role.TOWN_HALL
        notify(
            self,
            Notification.Kind.TERMINATION,
            to=Message.Side.RECTORAT if is_by_town_hall else Message.Side.TOWN_HALL,
            by=by,
            termination=termination,
            step=step,
        )


def _why_not_this_side(verb, termination, role) -> str:
    is_theirs = role == Role.TOWN_HALL and termination.side == Termination.Side.REGION
    if is_theirs and verb in _INITIATOR_VERBS:
        return "Cette étape revient à la région académique, qui a engagé la procédure."
    return ""


def _too_early_for_second_letter(termination) -> str:
    return (
        f"La seconde lettre part au plus tôt le {termination.second_letter_from:%d/%m/%Y} : après "
        "la conciliation, ou une fois passé le mois qui lui est laissé."
    )
