"""Article 11: formal notice, conciliation, second letter, termination."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from conventions.exchanges.models import Notification
from conventions.exchanges.telling import notify, opposite, other_side
from conventions.lifecycle import State
from conventions.models import (
    AfterConvention,
    Convention,
    Piece,
    file_facts,
    mark_outdated,
    text_in_use,
)
from conventions.models.signed import effective_day
from conventions.terminations.dates import ORDERS, STATE_FOLLOWS_DATES
from conventions.terminations.lifecycle import (
    CLOSED,
    OPEN,
    TERMINATION_TRANSITIONS,
    TerminationState,
)
from conventions.terminations.printing import letter_context
from documents.contexts import Context
from documents.models import TextModel
from law import deadlines
from lifecycle import chronology, plausible
from lifecycle.door import Missing, changes_of, compare_and_swap, write_journal
from lifecycle.errors import TransitionRefused

# The texts of the letters of article 11; a campaign chooses none, the newest is printed.
LETTERS: dict[str, str] = {
    Piece.Kind.FORMAL_NOTICE: TextModel.Kind.FORMAL_NOTICE,
    Piece.Kind.TERMINATION_LETTER: TextModel.Kind.TERMINATION,
}


@dataclass(frozen=True)
class Standing:
    """Where a procedure stands, in a sentence, and the next deadline: what, and when."""

    text: str
    deadline: str = ""
    on: datetime.date | None = None


class Termination(AfterConvention):
    """The steps taken by one party, each dated; its last one ends the convention.

    A settlement or a withdrawal closes it: another may be opened later, one at a time.
    """

    TRANSITIONS = TERMINATION_TRANSITIONS
    noun = "la procédure de résiliation"

    class Side(models.TextChoices):
        REGION = "region", "région académique"
        COLLECTIVITY = "collectivity", "collectivité"

    convention = models.ForeignKey(
        Convention,
        on_delete=models.PROTECT,
        related_name="terminations",
        verbose_name="convention",
    )
    number = models.PositiveSmallIntegerField("numéro")
    state = models.CharField(
        "état",
        max_length=15,
        choices=TerminationState,
        default=TerminationState.NOTICE,
        editable=False,
    )
    side = models.CharField("à l'initiative de", max_length=15, choices=Side)
    grievances = models.TextField("griefs exposés")
    notice_on = models.DateField("mise en demeure (lettre recommandée) du")
    conciliation_on = models.DateField("réunion de conciliation le", null=True, blank=True)
    settled_on = models.DateField("accord trouvé le", null=True, blank=True)
    withdrawn_on = models.DateField("mise en demeure retirée le", null=True, blank=True)
    reasons = models.TextField("motifs de la résiliation", blank=True)
    second_letter_on = models.DateField("seconde lettre recommandée du", null=True, blank=True)
    terminated_on = models.DateField("résiliée le", null=True, blank=True)

    class Meta:
        verbose_name = "résiliation"
        ordering = ["convention", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["convention", "number"],
                name="termination_number_unique",
                violation_error_message="Ce numéro de procédure existe déjà.",
            ),
            models.UniqueConstraint(
                fields=["convention"],
                condition=~Q(state__in=CLOSED),
                name="termination_one_open",
                violation_error_message="Une procédure de résiliation est déjà en cours.",
            ),
            *chronology.constraints(ORDERS),
            plausible.constraint(
                "notice_on",
                "conciliation_on",
                "settled_on",
                "withdrawn_on",
                "second_letter_on",
                "terminated_on",
            ),
            models.CheckConstraint(
                name="termination_state_follows_dates",
                condition=STATE_FOLLOWS_DATES,
                violation_error_message="L'état d'une procédure suit les dates de ses étapes.",
            ),
        ]

    def __str__(self) -> str:
        return f"Résiliation de {self.convention}"

    def clean(self) -> None:
        super().clean()
        chronology.refuse_disorder(self, ORDERS)

    @property
    def part(self) -> str:
        """ "T1"."""
        return f"T{self.number}"

    # --- Delays of article 11 -----------------------------------------------
    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def awaits_conciliation(self) -> bool:
        """Tell whether the formal notice is the last thing done."""
        return self.state == TerminationState.NOTICE

    @property
    def conciliation_by(self) -> datetime.date:
        """Last day of the month left for a conciliation (article 11)."""
        return deadlines.end_of_conciliation(self.notice_on)

    @property
    def second_letter_from(self) -> datetime.date:
        """First day of the second letter: the conciliation's, or once its month is over."""
        return self.conciliation_on or self.conciliation_by + datetime.timedelta(days=1)

    @property
    def terminates_on(self) -> datetime.date | None:
        """Day on which the termination takes effect: fifteen days after the second letter."""
        return self.second_letter_on and deadlines.termination_on(self.second_letter_on)

    @property
    def amicable_until(self) -> datetime.date | None:
        """Last day to agree before the court may be asked: a month after the second letter."""
        return self.second_letter_on and deadlines.end_of_conciliation(self.second_letter_on)

    @property
    def standing(self) -> Standing:
        """Where it stands, in words, and what comes next."""
        match self.state:
            case TerminationState.TERMINATED:
                return Standing(
                    f"Convention résiliée le {_day(self.terminated_on)}. La participation de "
                    "l'année reste due.",
                    "Un accord amiable se cherche, avant de saisir le tribunal, jusqu'au",
                    self.amicable_until,
                )
            case TerminationState.SETTLED:
                return Standing(
                    f"Un accord a été trouvé le {_day(self.settled_on)} : la procédure est close, "
                    "la convention continue."
                )
            case TerminationState.WITHDRAWN:
                return Standing(
                    f"La mise en demeure du {_day(self.notice_on)} a été retirée le "
                    f"{_day(self.withdrawn_on)} : la procédure est close, la convention continue."
                )
            case TerminationState.SECOND_LETTER:
                return Standing(
                    f"La seconde lettre recommandée est du {_day(self.second_letter_on)}.",
                    "La résiliation intervient le",
                    self.terminates_on,
                )
            case TerminationState.CONCILIATION:
                return Standing(
                    f"La conciliation s'est tenue le {_day(self.conciliation_on)}. Enregistrez "
                    "l'accord ou, si elle a échoué, la seconde lettre.",
                )
        return Standing(
            f"Mise en demeure du {_day(self.notice_on)}, par la {self.get_side_display()}.",
            "Conciliation à tenir au plus tard le",
            self.conciliation_by,
        )

    # --- What may be done ---------------------------------------------------
    def missing_for(self, verb: str) -> list[Missing]:
        """Return the delays of article 11 that `verb` still waits for today."""
        rule = TERMINATION_TRANSITIONS[verb]
        today = timezone.localdate()
        if "month_of_conciliation" in rule.requires and today < self.second_letter_from:
            return [Missing(_second_letter_from(self))]
        if "fifteen_days" in rule.requires and self.terminates_on and today < self.terminates_on:
            return [Missing(f"la fin des quinze jours, le {_day(self.terminates_on)}")]
        return []

    def _refuse_transition(self, verb: str, by: User | None, comment: str) -> None:
        super()._refuse_transition(verb, by, comment)
        is_theirs = by is not None and by.role == Role.TOWN_HALL and self.side == self.Side.REGION
        if is_theirs and "initiative" in TERMINATION_TRANSITIONS[verb].requires:
            raise TransitionRefused(
                "Cette étape revient à la région académique, qui a engagé la procédure."
            )

    # --- Verbs --------------------------------------------------------------
    def record_conciliation(self, *, by: User | None, on: datetime.date) -> None:
        """Record that the parties met on `on`; the second letter may follow at once."""
        self._refuse_transition("record_conciliation", by, "")
        self.campaign.window.refuse(on, "on")
        _refuse_before(on, self.notice_on, "la mise en demeure")
        self._step("record_conciliation", by, conciliation_on=on)

    def record_settlement(self, *, by: User | None, on: datetime.date) -> None:
        """Record that the parties agreed on `on`: the procedure is closed, nothing ends."""
        self._refuse_transition("record_settlement", by, "")
        self.campaign.window.refuse(on, "on")
        _refuse_before(on, self.notice_on, "la mise en demeure")
        if self.conciliation_on:
            _refuse_before(on, self.conciliation_on, "la conciliation")
        self._step("record_settlement", by, settled_on=on)

    def withdraw_notice(self, *, by: User | None, on: datetime.date, comment: str) -> None:
        """Record that who gave notice took it back on `on`, for the reason in `comment`.

        The procedure is closed, nothing ends; both sides are told.
        """
        self._refuse_transition("withdraw_notice", by, comment)
        self.campaign.window.refuse(on, "on")
        _refuse_before(on, self.notice_on, "la mise en demeure")
        if self.conciliation_on:
            _refuse_before(on, self.conciliation_on, "la conciliation")
        with transaction.atomic():
            self._step("withdraw_notice", by, comment=comment, withdrawn_on=on)
            # Who withdrew keeps a proof of it.
            self._tell(by, "Mise en demeure retirée", to=opposite(other_side(by)))

    def send_second_letter(self, *, by: User | None, on: datetime.date, reasons: str) -> None:
        """Record the second registered letter, which gives `reasons`; fifteen days run from it.

        Sent again before the termination, it corrects what was recorded.
        """
        self._refuse_transition("send_second_letter", by, "")
        self.campaign.window.refuse(on, "on")
        if on < self.second_letter_from:
            raise TransitionRefused({"on": f"C'est trop tôt : {_second_letter_from(self)}."})
        _refuse_blank(reasons, "reasons", "Énoncez les motifs de la résiliation.")
        self._step("send_second_letter", by, second_letter_on=on, reasons=reasons.strip())

    def terminate(self, *, by: User | None, on: datetime.date) -> None:
        """End the convention on `on`, fifteen days at least after the second letter.

        Nothing is refunded and the claim of the year stays (article 11).
        """
        self._refuse_transition("terminate", by, "")
        if self.second_letter_on is None:
            raise TransitionRefused("La seconde lettre recommandée vient avant la résiliation.")
        with transaction.atomic():
            self.convention.terminate(by=by, on=on, second_letter_on=self.second_letter_on)
            self._transition("terminate", by, terminated_on=on)
            # What the other side is told is the end of the convention, and its day.
            self._tell(by, f"Convention résiliée le {_day(on)}")

    def correct_notice(
        self, *, by: User | None, side: str, on: datetime.date, grievances: str
    ) -> None:
        """Correct the formal notice, before anything followed (`give_formal_notice`)."""
        summary = _notice_by(side)
        self._step(
            "give_formal_notice", by, summary, side=side, notice_on=on, grievances=grievances
        )

    def _step(
        self, verb: str, by: User | None, summary: str = "", comment: str = "", **facts: Any
    ) -> None:
        """Take a step, or correct it; tell the side that did not, unless nothing changed."""
        is_correction = TERMINATION_TRANSITIONS[verb].targets.get(self.state) == self.state
        if is_correction and not changes_of(self, facts):
            return
        with transaction.atomic():
            self._transition(verb, by, summary=summary, comment=comment, **facts)
            mark_outdated(self)
            self._tell(by, summary or TERMINATION_TRANSITIONS[verb].done)

    def _tell(self, by: User | None, step: str, to: str = "") -> None:
        notify(
            file_facts(self.convention),
            Notification.Kind.TERMINATION,
            to=to or other_side(by),
            by=by,
            step=step,
            standing=self.standing,
        )

    # --- Its letters --------------------------------------------------------
    def kinds_to_issue(self) -> list[str]:
        """A letter is made anew until the next step: what came before it does not change."""
        if self.state == TerminationState.SECOND_LETTER:
            return [Piece.Kind.TERMINATION_LETTER]
        return [Piece.Kind.FORMAL_NOTICE] if self.awaits_conciliation else []

    def text_and_context(self, kind: str) -> tuple[TextModel, Context]:
        return text_in_use(self, kind, LETTERS[kind]), letter_context(self, kind)


def refuse_notice(
    convention: Convention, *, by: User | None, side: str, on: datetime.date, grievances: str
) -> None:
    """Raise TransitionRefused, with the message at its field, unless the notice may be given."""
    convention.refuse_stranger(by)
    if refusal := why_not(convention, "give_formal_notice", by):
        raise TransitionRefused(refusal)
    if by is not None and by.role == Role.TOWN_HALL and side != Termination.Side.COLLECTIVITY:
        raise TransitionRefused({"side": "Vous agissez au nom de votre collectivité."})
    convention.campaign.window.refuse(on, "on")
    if starts_on := effective_day(convention):
        _refuse_before(on, starts_on, "la prise d'effet de la convention")
    _refuse_blank(grievances, "grievances", "Exposez les griefs.")


def give_formal_notice(
    convention: Convention, *, by: User | None, side: str, on: datetime.date, grievances: str
) -> Termination:
    """Open the procedure for `side` (Termination.Side): registered letter of `on`.

    Given again before anything followed, it corrects what was recorded. Raises as
    `refuse_notice` does.
    """
    refuse_notice(convention, by=by, side=side, on=on, grievances=grievances)
    termination = open_termination(convention)
    if termination:
        termination.correct_notice(by=by, side=side, on=on, grievances=grievances.strip())
        return termination
    last = last_termination(convention)
    termination = Termination(
        convention=convention,
        number=last.number + 1 if last else 1,
        side=side,
        notice_on=on,
        grievances=grievances.strip(),
    )
    termination.full_clean(exclude=["convention"])
    with transaction.atomic():
        compare_and_swap(convention)
        termination.save()
        write_journal(
            termination,
            by,
            "give_formal_notice",
            _notice_by(side),
            to_state=termination.state,
            changes={"notice_on": [None, on], "grievances": [None, termination.grievances]},
        )
        termination._tell(by, _notice_by(side))
    return termination


def last_termination(convention: Convention) -> Termination | None:
    """Return the procedure under way or, failing that, the last one; a prefetch serves."""
    terminations = list(convention.terminations.all())
    return terminations[-1] if terminations else None


def open_termination(convention: Convention) -> Termination | None:
    """Return the procedure under way, or None."""
    last = last_termination(convention) if convention.state == State.SIGNED else None
    return last if last and last.is_open else None


def open_verbs(convention: Convention, by: User) -> list[str]:
    """Return the steps of article 11 that `by` may take today, in its order."""
    termination = open_termination(convention)
    # Not asked why, of the steps that its state has passed: the answer names who took them.
    near = (
        verb
        for verb, rule in TERMINATION_TRANSITIONS.items()
        if termination is None or termination.state in rule.targets
    )
    return [verb for verb in near if not why_not(convention, verb, by)]


def why_not(convention: Convention, verb: str, by: User | None) -> str:
    """Return why a step is not open to `by` today (French), blank when it is."""
    if by is not None and by.role not in TERMINATION_TRANSITIONS[verb].roles:
        return "La résiliation n'est pas ouverte à votre compte."
    if convention.is_transferred:
        return convention.transferred_in_words
    if convention.state != State.SIGNED:
        return (
            "La résiliation concerne une convention signée par les deux parties : celle-ci "
            f"est {convention.get_state_display()}."
        )
    termination = open_termination(convention)
    if termination is None:
        if verb == "give_formal_notice":
            return ""
        return "Aucune procédure n'est en cours : elle commence par une mise en demeure."
    try:
        # A reason is asked for on the step's own page.
        termination._refuse_transition(verb, by, comment="à donner")
    except TransitionRefused as refusal:
        return " ".join(refusal.messages)
    return ""


def _notice_by(side: str) -> str:
    return f"Mise en demeure par la {Termination.Side(side).label}"


def _refuse_before(day: datetime.date, first: datetime.date, what: str) -> None:
    if day < first:
        raise TransitionRefused({"on": f"Cette date précède {what}, le {_day(first)}."})


def _refuse_blank(text: str, field: str, message: str) -> None:
    if not text.strip():
        raise TransitionRefused({field: message})


def _second_letter_from(termination: Termination) -> str:
    return (
        f"la seconde lettre part au plus tôt le {_day(termination.second_letter_from)}, après la "
        "conciliation ou une fois passé le mois qui lui est laissé"
    )


def _day(day: datetime.date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""
