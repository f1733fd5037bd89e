"""An avenant to a signed convention: schools added or removed, its end moved, who signs."""

import datetime
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import reduce
from itertools import chain
from typing import Any

from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Round
from django.utils import timezone

from accounts.models import User
from conventions.acts.models import Act
from conventions.amendments.lifecycle import (
    AMENDMENT_TRANSITIONS,
    COLLECTIVITY_SIGNED,
    REGION_SIGNED,
    SENT,
    AmendmentState,
)
from conventions.amendments.printing import amendment_act_context, amendment_context
from conventions.campaigns.tariffs import ZERO, Charge
from conventions.exchanges.models import Notification, Side
from conventions.exchanges.telling import notify
from conventions.lifecycle import State
from conventions.models import (
    AfterConvention,
    ConfirmedParty,
    Convention,
    Enrolment,
    Piece,
    SignedByBoth,
    file_facts,
    text_in_use,
)
from conventions.models.signed import effective_day, signature_constraints
from documents.contexts import Context
from documents.models import TextModel
from lifecycle import plausible
from lifecycle.door import Missing, compare_and_swap, hold
from lifecycle.errors import TransitionRefused


class AmendmentQuerySet(models.QuerySet["Amendment"]):
    def signed(self) -> "AmendmentQuerySet":
        """Signed by both parties: they count in what the convention amounts to."""
        return self.filter(state=AmendmentState.SIGNED)

    def with_changes(self) -> "AmendmentQuerySet":
        """Fetch what each adds and removes, in one query."""
        changes = AmendmentChange.objects.select_related("enrolment__typed")
        return self.prefetch_related(models.Prefetch("changes", changes))

    def shown(self) -> "AmendmentQuerySet":
        """Those that the collectivity sees: sent, and not given up."""
        return self.filter(state__in=SENT)


class Amendment(AfterConvention, SignedByBoth):
    TRANSITIONS = AMENDMENT_TRANSITIONS
    RECEIVED = Piece.RECEIVED_FOR_AMENDMENT
    ACT_TEXT_PREFIX = "amendment_"
    PAPER = Piece.Kind.AMENDMENT
    noun = "l'avenant"

    convention = models.ForeignKey(
        Convention,
        on_delete=models.PROTECT,
        related_name="amendments",
        verbose_name="convention",
    )
    number = models.PositiveSmallIntegerField("numéro")
    state = models.CharField(
        "état",
        max_length=30,
        choices=AmendmentState,
        default=AmendmentState.PREPARED,
        editable=False,
    )
    reason = models.TextField("objet", help_text="Par exemple l'ouverture d'une école.")
    added_count = models.PositiveIntegerField("écoles ajoutées", default=0)
    removed_count = models.PositiveIntegerField("écoles retirées", default=0)
    unit_fee = models.DecimalField("participation par unité", max_digits=8, decimal_places=2)
    # What the convention's tariff makes of its schools; None where it counts the schools.
    number_change = models.IntegerField("effet sur le nombre compté", null=True, editable=False)
    lump_change = models.DecimalField(
        "effet sur la tranche", max_digits=10, decimal_places=2, default=ZERO, editable=False
    )
    vat_change = models.DecimalField(
        "effet sur la TVA", max_digits=10, decimal_places=2, default=ZERO, editable=False
    )
    reduction_change = models.DecimalField(
        "effet sur la réduction", max_digits=10, decimal_places=2, default=ZERO, editable=False
    )
    amount_change = models.DecimalField(
        "effet sur le montant", max_digits=10, decimal_places=2, default=Decimal("0.00")
    )
    new_end_on = models.DateField("nouvelle fin de la convention", null=True, blank=True)
    states_party = models.BooleanField("change le représentant ou l'adresse", default=False)
    prepared_at = models.DateTimeField("préparé le", auto_now_add=True)
    # Until it signs, an avenant prints the collectivity as it is.
    party = models.OneToOneField(
        ConfirmedParty,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name="la collectivité le jour de sa signature",
    )

    objects = AmendmentQuerySet.as_manager()

    class Meta:
        verbose_name = "avenant"
        # By key: the order of conventions would join two tables to each reading of avenants.
        ordering = ["convention_id", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["convention", "number"],
                name="amendment_number_unique",
                violation_error_message="Ce numéro d'avenant existe déjà.",
            ),
            models.UniqueConstraint(
                fields=["convention"],
                condition=~Q(state__in=[AmendmentState.SIGNED, AmendmentState.ABANDONED]),
                name="amendment_one_at_a_time",
                violation_error_message="Un avenant est déjà en cours pour cette convention.",
            ),
            models.CheckConstraint(
                name="amendment_change_is_sum_of_parts",
                condition=Q(
                    amount_change=Round(
                        Coalesce(F("number_change"), F("added_count") - F("removed_count"))
                        * F("unit_fee")
                        + F("lump_change")
                        + F("vat_change")
                        - F("reduction_change"),
                        precision=2,
                    )
                ),
                violation_error_message="L'effet sur le montant est celui du tarif de la "
                "convention sur le solde des écoles.",
            ),
            plausible.constraint(
                "sent_on", "collectivity_signed_on", "region_signed_on", "new_end_on"
            ),
            *signature_constraints(
                sent=SENT, collectivity=COLLECTIVITY_SIGNED, region=REGION_SIGNED
            ),
        ]

    def __str__(self) -> str:
        return f"Avenant n° {self.number} à {self.convention.reference}"

    @property
    def part(self) -> str:
        """ "A1"."""
        return f"A{self.number}"

    @property
    def reference(self) -> str:
        """ "ENT-2022-34337-A1"."""
        return f"{self.convention.reference}-{self.part}"

    @property
    def is_signed(self) -> bool:
        return self.state == AmendmentState.SIGNED

    @property
    def is_over(self) -> bool:
        return self.state in (AmendmentState.SIGNED, AmendmentState.ABANDONED)

    # --- What it changes ----------------------------------------------------
    @property
    def added(self) -> list[Enrolment]:
        return self._enrolments(AmendmentChange.Kind.ADDED)

    @property
    def removed(self) -> list[Enrolment]:
        return self._enrolments(AmendmentChange.Kind.REMOVED)

    def _enrolments(self, kind: str) -> list[Enrolment]:
        return [change.enrolment for change in self.changes.all() if change.kind == kind]

    @property
    def balance(self) -> int:
        """Schools added less schools removed."""
        return self.added_count - self.removed_count

    @property
    def count_after(self) -> int:
        """Schools of the convention, with the avenants signed before this one and itself."""
        before = self.convention.school_count + sum(a.balance for a in self._earlier())
        return before + self.balance

    @property
    def amount_before(self) -> Decimal:
        """Amount of the convention, in euros, with the avenants signed before this one."""
        return self.convention.amount + sum(a.amount_change for a in self._earlier())

    @property
    def change(self) -> Charge:
        """What it changes of each part of the amount."""
        return Charge(
            schools=self.balance,
            number=self.number_change,
            unit_fee=self.unit_fee,
            lump=self.lump_change,
            vat=self.vat_change,
            reduction=self.reduction_change,
        )

    @property
    def charge_after(self) -> Charge:
        """What the convention amounts to with the avenants signed before this one and itself."""
        return charge_with(self.convention, [*self._earlier(), self])

    @property
    def amount_after(self) -> Decimal:
        return self.amount_before + self.amount_change

    def lines_after(self) -> Iterator[Enrolment]:
        """Yield the schools of `count_after` as they count; read once they are asked for."""
        changing = [*self._earlier(), self]
        removed = {line.pk for amendment in changing for line in amendment.removed}
        issued = self.convention.enrolments.as_issued().select_related("typed")
        for line in chain(issued, *(amendment.added for amendment in changing)):
            if line.pk not in removed:
                yield line

    def _earlier(self) -> list["Amendment"]:
        amendments: Iterable[Amendment] = self.convention.amendments.all()
        return [a for a in amendments if a.is_signed and a.number < self.number]

    def missing_for(self, verb: str) -> list[Missing]:
        """Return what the transition `verb` still waits for, empty when it may be done."""
        checks = {"act": self._missing_adoption, "paper": self._missing_paper}
        return [item for name in AMENDMENT_TRANSITIONS[verb].requires for item in checks[name]()]

    def _missing_adoption(self) -> list[Missing]:
        """An act is the collectivity's choice; a draft of one is to be adopted first."""
        if not self.act or self.adopted_act:
            return []
        return [Missing("l'acte de l'avenant : son numéro et sa date", "amendment_act")]

    # --- Verbs --------------------------------------------------------------
    def send(self, *, by: User | None, on: datetime.date | None = None) -> None:
        """Show the avenant to the collectivity; what it changes is frozen from here."""
        sent_on = on or timezone.localdate()
        self.campaign.window.refuse(sent_on, "on")
        refuse_amending(self.convention)
        with transaction.atomic():
            self._transition("send", by, sent_on=sent_on)
            self._tell(
                Notification.Kind.AMENDMENT_SENT,
                Side.TOWN_HALL,
                by,
                number=self.number,
                reason=self.reason,
            )

    def abandon(self, *, by: User | None, comment: str) -> None:
        """Give the avenant up, with a reason.

        The schools it enrolled are taken out; those it found enrolled wait as they did.
        """
        with transaction.atomic():
            self._transition("abandon", by, comment=comment)
            added = self.changes.filter(kind=AmendmentChange.Kind.ADDED)
            enrolled, found = added.filter(was_enrolled=False), added.filter(was_enrolled=True)
            _of(enrolled).update(released_on=timezone.localdate())
            _of(found).update(added_by=None)
            if self.act:
                Act.objects.filter(pk=self.act.pk).update(is_released=True)
            if self.sent_on:
                self._tell(
                    Notification.Kind.AMENDMENT_ABANDONED,
                    Side.TOWN_HALL,
                    by,
                    number=self.number,
                    reason=comment.strip(),
                )

    def _refuse_signature(self, on: datetime.date) -> None:
        refuse_amending(self.convention, on)
        if self.new_end_on and on > self.new_end_on:
            raise TransitionRefused(
                {
                    "on": "Cet avenant met fin à la convention le "
                    f"{self.new_end_on:%d/%m/%Y} : il se signe ce jour-là au plus tard."
                }
            )

    def _transition(self, verb: str, by: User | None, **facts: Any) -> None:
        with transaction.atomic():
            if self.new_end_on:
                hold(self.convention)  # Written below, once the avenant is signed.
            if verb == "sign_for_collectivity":
                day = facts["collectivity_signed_on"]
                facts["party"] = ConfirmedParty.copy_of(self.collectivity, day)
                facts["party"].save()
            super()._transition(verb, by, **facts)
            if self.is_signed:
                self._take_effect()

    def _take_effect(self) -> None:
        """Bring the convention's schools and end in line: what it printed stays as it is."""
        self.effective_on = effective_day(self)
        added = self.changes.filter(kind=AmendmentChange.Kind.ADDED)
        removed = self.changes.filter(kind=AmendmentChange.Kind.REMOVED)
        _of(added).update(convention=self.convention)
        _of(removed).update(released_on=self.effective_on, removed_by=self)
        if self.new_end_on:
            compare_and_swap(self.convention, moved_end_on=self.new_end_on)

    # --- Its act, its papers, its e-mails -----------------------------------
    @property
    def awaits_act(self) -> bool:
        """Nothing more is authorised once its convention was terminated."""
        in_hands = self.state in (AmendmentState.SENT, AmendmentState.SIGNED_BY_REGION)
        return in_hands and self.convention.state == State.SIGNED

    @property
    def act_text(self) -> TextModel:
        """The one that its act to sign was made from, else the newest."""
        nature = self.act.kind if self.act else Act.Kind.DECISION
        return text_in_use(self, Piece.Kind.AMENDMENT_ACT, f"{self.ACT_TEXT_PREFIX}{nature}")

    def kinds_to_issue(self) -> list[str]:
        """Return the avenant until somebody signs, its act, and the act once executory."""
        kinds: list[str] = []
        is_living = self.convention.state == State.SIGNED
        if (self.state == AmendmentState.SENT and is_living) or self.is_signed_without_paper:
            kinds.append(Piece.Kind.AMENDMENT)
        act = self.standing_act
        if act and self.act_is_open:
            kinds.append(Piece.Kind.AMENDMENT_ACT)
        if act and act.executory_on and self.state != AmendmentState.ABANDONED:
            kinds.append(Piece.Kind.ACT_EXECUTORY)
        return kinds

    def text_and_context(self, kind: str) -> tuple[TextModel, Context]:
        if kind == Piece.Kind.AMENDMENT or self.act is None:
            return text_in_use(self, kind, TextModel.Kind.AMENDMENT), amendment_context(self)
        text = self.act.text_from(self.act_text)
        executory = kind == Piece.Kind.ACT_EXECUTORY
        return text, amendment_act_context(self, self.act, executory=executory)

    def _tell_signed(self, to: Side, by: User | None, on: datetime.date, *, signed: Side) -> None:
        self._tell(
            Notification.Kind.AMENDMENT_SIGNED,
            to,
            by,
            number=self.number,
            signed_on=on,
            signed=signed,
            is_signed=self.is_signed,
        )

    def _tell(self, kind: str, to: Side, by: User | None, **facts: Any) -> None:
        notify(file_facts(self.convention), kind, to=to, by=by, **facts)


class AmendmentChange(models.Model):
    """A school that an amendment adds or removes, with its printed values (`enrolment`)."""

    class Kind(models.TextChoices):
        ADDED = "added", "ajoutée"
        REMOVED = "removed", "retirée"

    amendment = models.ForeignKey(
        Amendment, on_delete=models.PROTECT, related_name="changes", verbose_name="avenant"
    )
    enrolment = models.ForeignKey(
        Enrolment, on_delete=models.PROTECT, related_name="changes", verbose_name="école inscrite"
    )
    kind = models.CharField("changement", max_length=10, choices=Kind)
    was_enrolled = models.BooleanField(
        "déjà inscrite", default=True, help_text="Inscrite avant que l'avenant soit préparé."
    )

    class Meta:
        verbose_name = "école d'un avenant"
        verbose_name_plural = "écoles d'un avenant"
        ordering = ["kind", "enrolment__commune_name", "enrolment__uai"]
        constraints = [
            models.UniqueConstraint(
                fields=["amendment", "enrolment"],
                name="amendment_change_once",
                violation_error_message="Cette école figure déjà dans cet avenant.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} ({self.get_kind_display()})"


def _of(changes: "models.QuerySet[AmendmentChange]") -> "models.QuerySet[Enrolment]":
    return Enrolment.objects.filter(pk__in=changes.order_by().values("enrolment"))


def charge_with(convention: Convention, amendments: Iterable[Amendment]) -> Charge:
    """Return what a convention amounts to, changed by some of its avenants."""
    return reduce(Charge.and_then, (a.change for a in amendments), convention.charge)


def refuse_amending(convention: Convention, on: datetime.date | None = None) -> None:
    """Raise TransitionRefused unless the convention is in force today, or was on `on`."""
    if convention.state != State.SIGNED:
        raise TransitionRefused(
            "Un avenant modifie une convention signée par les deux parties : celle-ci est "
            f"{convention.get_state_display()}."
        )
    day = on or timezone.localdate()
    starts_on = effective_day(convention)
    ends_on = convention.ends_on
    refusal = ""
    if day > ends_on:
        refusal = f"La convention a pris fin le {ends_on:%d/%m/%Y} : elle ne se modifie plus."
    elif starts_on and day < starts_on:
        refusal = (
            "Un avenant ne peut précéder la prise d'effet de la convention, le "
            f"{starts_on:%d/%m/%Y}."
        )
    if refusal:
        raise TransitionRefused({"on": refusal} if on else refusal)
