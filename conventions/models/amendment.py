"""An avenant: schools added to or removed from a signed convention during its year."""

import datetime
from decimal import Decimal

from django.db import IntegrityError, models, transaction
from django.db.models import Case, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest, Round
from django.utils import timezone

from accounts.roles import ADMIN_SITE_ROLES
from conventions.lifecycle import AMENDMENT_TRANSITIONS, AmendmentState, State
from conventions.models.act import AmendmentAct
from conventions.models.authority import Authorised
from conventions.models.dossier import Dossier
from conventions.models.errors import TransitionRefused
from conventions.models.message import Message
from conventions.models.notification import Notification
from conventions.models.part import ConventionPart
from conventions.models.piece import Piece
from conventions.models.school import ConventionSchool
from conventions.models.stateful import Stateful
from conventions.notifications import notify
from conventions.printing import amendment_act_context, amendment_context
from documents.models import TextModel
from schools.models import School
from schools.takeover import schools_paid_by


class AmendmentQuerySet(models.QuerySet):
    def signed(self):
        """Signed by both parties: they count in what the convention amounts to."""
        return self.filter(state=AmendmentState.SIGNED)

    def with_schools(self):
        """Fetch what each adds and removes, in two queries."""
        return self.prefetch_related("schools__line")

    def with_pieces(self):
        """Fetch its act, and its pieces with their documents."""
        pieces = models.Prefetch("pieces", Piece.objects.with_documents())
        return self.select_related("act").prefetch_related(pieces)

    def shown(self):
        """Those that the collectivity sees: sent, and not given up."""
        return self.filter(sent_on__isnull=False).exclude(state=AmendmentState.ABANDONED)


class Amendment(Dossier, Authorised, Stateful):
    TRANSITIONS = AMENDMENT_TRANSITIONS
    ACT_MODEL = AmendmentAct
    ACT_REFUSED = (
        "L'acte de l'avenant s'enregistre une fois l'avenant envoyé, et ne change plus après la "
        "signature de la collectivité."
    )
    RECEIVED = Piece.RECEIVED_FOR_AMENDMENT
    noun = "l'avenant"
    verb_prefix = "amendment_"

    convention = models.ForeignKey(
        "conventions.Convention",
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
    unit_fee = models.DecimalField("participation par école", max_digits=8, decimal_places=2)
    amount_change = models.DecimalField(
        "effet sur le montant", max_digits=10, decimal_places=2, default=Decimal("0.00")
    )
    prepared_at = models.DateTimeField("préparé le", auto_now_add=True)
    sent_on = models.DateField("envoyé le", null=True, blank=True)
    collectivity_signed_on = models.DateField("signé par la collectivité le", null=True, blank=True)
    region_signed_on = models.DateField("signé par la région académique le", null=True, blank=True)
    effective_on = models.GeneratedField(
        verbose_name="prise d'effet",
        expression=Case(
            When(
                collectivity_signed_on__isnull=False,
                region_signed_on__isnull=False,
                then=Greatest(F("collectivity_signed_on"), F("region_signed_on")),
            ),
            default=None,
            output_field=models.DateField(),
        ),
        output_field=models.DateField(null=True),
        db_persist=True,
    )

    objects = AmendmentQuerySet.as_manager()

    class Meta:
        verbose_name = "avenant"
        ordering = ["convention", "number"]
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
                name="amendment_change_is_balance_times_fee",
                condition=Q(
                    amount_change=Round(
                        (F("added_count") - F("removed_count")) * F("unit_fee"), precision=2
                    )
                ),
                violation_error_message="L'effet sur le montant est le solde des écoles multiplié "
                "par la participation.",
            ),
            models.CheckConstraint(
                name="amendment_sent_has_date",
                condition=Q(sent_on__isnull=False)
                | Q(state__in=[AmendmentState.PREPARED, AmendmentState.ABANDONED]),
                violation_error_message="Un avenant envoyé porte sa date d'envoi.",
            ),
            models.CheckConstraint(
                name="amendment_signed_has_dates",
                condition=Q(collectivity_signed_on__isnull=False, region_signed_on__isnull=False)
                | ~Q(state=AmendmentState.SIGNED),
                violation_error_message="Un avenant signé porte les dates des deux signatures.",
            ),
        ]

    def __str__(self):
        return f"Avenant n° {self.number} à {self.convention.reference}"

    @property
    def file(self):
        return self.convention

    @property
    def journal_prefix(self) -> str:
        return f"Avenant n° {self.number}"

    @property
    def reference(self) -> str:
        """ "ENT-2022-34337-A1"."""
        return f"{self.convention.reference}-A{self.number}"

    @property
    def is_signed(self) -> bool:
        return self.state == AmendmentState.SIGNED

    @property
    def awaits_collectivity(self) -> bool:
        """Tell whether the collectivity has it in hands, to sign."""
        return self.state in (AmendmentState.SENT, AmendmentState.SIGNED_BY_REGION)

    @property
    def is_over(self) -> bool:
        return self.state in (AmendmentState.SIGNED, AmendmentState.ABANDONED)

    # --- What it changes ----------------------------------------------------
    @property
    def added(self) -> list[ConventionSchool]:
        return self._lines(AmendmentSchool.Change.ADDED)

    @property
    def removed(self) -> list[ConventionSchool]:
        return self._lines(AmendmentSchool.Change.REMOVED)

    def _lines(self, change):
        return [row.line for row in self.schools.all() if row.change == change]

    @property
    def count_before(self) -> int:
        """Schools of the convention, with the avenants signed before this one."""
        return self.convention.school_count + sum(a.balance for a in self._earlier())

    @property
    def count_after(self) -> int:
        return self.count_before + self.balance

    @property
    def amount_before(self) -> Decimal:
        """Amount of the convention, in euros, with the avenants signed before this one."""
        return self.convention.amount + sum(a.amount_change for a in self._earlier())

    @property
    def amount_after(self) -> Decimal:
        return self.amount_before + self.amount_change

    @property
    def balance(self) -> int:
        """Schools added less schools removed."""
        return self.added_count - self.removed_count

    def _earlier(self):
        return [a for a in self.convention.signed_amendments if a.number < self.number]

    # --- Verbs --------------------------------------------------------------
    def send(self, *, by, on: datetime.date | None = None):
        """Show the avenant to the collectivity; what it changes is frozen from here."""
        self.convention.refuse_amending()
        with transaction.atomic():
            self._transition("send", by, sent_on=on or timezone.localdate())
            notify(
                self.convention,
                Notification.Kind.AMENDMENT_SENT,
                to=Message.Side.TOWN_HALL,
                by=by,
                amendment=self,
            )

    def sign_for_collectivity(self, *, by, on: datetime.date):
        """Record that the collectivity signed on `on`; takes effect if the region has."""
        act = self.recorded_act
        if act and on < act.dated_on:
            raise TransitionRefused(
                {
                    "on": "L'avenant ne peut être signé avant l'acte qui l'autorise, daté du "
                    f"{act.dated_on:%d/%m/%Y}."
                }
            )
        self._sign("sign_for_collectivity", by, Message.Side.RECTORAT, "collectivity_signed_on", on)

    def sign_for_region(self, *, by, on: datetime.date):
        """Record that the region signed on `on`; takes effect if the collectivity has."""
        self._sign("sign_for_region", by, Message.Side.TOWN_HALL, "region_signed_on", on)

    def abandon(self, *, by, comment: str):
        """Give the avenant up, with a reason.

        The schools it enrolled are taken out; those it found enrolled wait as they did.
        """
        with transaction.atomic():
            self._transition("abandon", by, comment=comment)
            _lines_of(self, AmendmentSchool.Change.ADDED, was_enrolled=False).update(
                released_on=timezone.localdate()
            )

    def _sign(self, verb, by, other_side, field, on):
        """Record a signature and tell the other side, once: a date put right is a detail."""
        self._refuse_future(on, "on")
        self.convention.refuse_amending(on)
        before = self.state
        with transaction.atomic():
            self._transition(verb, by, **{field: on})
            if self.is_signed:
                self._take_effect()
            if self.state != before:
                notify(
                    self.convention,
                    Notification.Kind.AMENDMENT_SIGNED,
                    to=other_side,
                    by=by,
                    amendment=self,
                )

    def _take_effect(self):
        """Bring the convention's schools in line: what it printed itself stays as it is."""
        self.effective_on = max(self.collectivity_signed_on, self.region_signed_on)
        _lines_of(self, AmendmentSchool.Change.ADDED).update(convention=self.convention)
        _lines_of(self, AmendmentSchool.Change.REMOVED).update(released_on=self.effective_on)

    # --- Its act and its pieces ---------------------------------------------
    @property
    def act_text_model(self):
        """The one that its act to sign was made from, else the newest."""
        return self.text_in_use(Piece.Kind.AMENDMENT_ACT, self.act.text_kind)

    @property
    def last_letterhead(self) -> str:
        """That of the convention's act."""
        act = self.convention.recorded_act
        return (act.letterhead.name or "") if act else ""

    @property
    def can_record_act(self) -> bool:
        return self.awaits_collectivity

    @property
    def own_pieces(self):
        return self.pieces.all()

    def kinds_to_issue(self) -> list[str]:
        """Return the avenant until somebody signs, its act, and the act once executory."""
        kinds: list[str] = []
        if self.state == AmendmentState.SENT:
            kinds.append(Piece.Kind.AMENDMENT)
        act = self.recorded_act
        if act and self.can_record_act:
            kinds.append(Piece.Kind.AMENDMENT_ACT)
        if act and act.executory_on and self.state != AmendmentState.ABANDONED:
            kinds.append(Piece.Kind.ACT_EXECUTORY)
        return kinds

    def text_and_context(self, kind: str):
        if kind == Piece.Kind.AMENDMENT:
            return self.text_in_use(kind, TextModel.Kind.AMENDMENT), amendment_context(self)
        text = self.act.text_from(self.act_text_model)
        executory = kind == Piece.Kind.ACT_EXECUTORY
        return text, amendment_act_context(self, executory=executory)


class AmendmentSchool(models.Model):
    """A school that an amendment adds or removes, with its printed values (`line`)."""

    class Change(models.TextChoices):
        ADDED = "added", "ajoutée"
        REMOVED = "removed", "retirée"

    amendment = models.ForeignKey(
        Amendment, on_delete=models.PROTECT, related_name="schools", verbose_name="avenant"
    )
    line = models.ForeignKey(
        ConventionSchool,
        on_delete=models.PROTECT,
        related_name="amendments",
        verbose_name="école inscrite",
    )
    change = models.CharField("changement", max_length=10, choices=Change)
    was_enrolled = models.BooleanField(
        "déjà inscrite", default=True, help_text="Inscrite avant que l'avenant soit préparé."
    )

    class Meta:
        verbose_name = "école d'un avenant"
        verbose_name_plural = "écoles d'un avenant"
        ordering = ["change", "line__commune_name", "line__uai"]
        constraints = [
            models.UniqueConstraint(
                fields=["amendment", "line"],
                name="amendment_school_once",
                violation_error_message="Cette école figure déjà dans cet avenant.",
            )
        ]

    def __str__(self):
        return f"{self.line} ({self.get_change_display()})"


def signed_changes(change, output_field) -> Coalesce:
    """Return what the signed avenants of a convention change, summed: for its lists to be sorted.

    `change` is an expression on an avenant, such as F("amount_change").
    """
    totals = (
        Amendment.objects.signed()
        .filter(convention=OuterRef("pk"))
        .order_by()
        .values("convention")
        .annotate(total=Sum(change))
        .values("total")
    )
    return Coalesce(Subquery(totals), Value(0), output_field=output_field)


def _lines_of(amendment, change, **which):
    return ConventionSchool.objects.filter(
        pk__in=amendment.schools.filter(change=change, **which).values("line")
    )


class Amendable(ConventionPart):
    """What `Convention` knows of its avenants: its own number of schools and amount stay."""

    @property
    def signed_amendments(self) -> list[Amendment]:
        """Those signed by both, in order; no query when `amendments` was prefetched."""
        return [amendment for amendment in self.amendments.all() if amendment.is_signed]

    @property
    def awaited_amendment(self) -> Amendment | None:
        """The avenant that the collectivity has in hands, to sign."""
        if self.state != State.SIGNED:
            return None
        return next((a for a in self.amendments.all() if a.awaits_collectivity), None)

    @property
    def current_school_count(self) -> int:
        """Schools as issued, and what signed avenants changed since."""
        return self.school_count + sum(a.balance for a in self.signed_amendments)

    @property
    def current_amount(self) -> Decimal:
        """Amount as issued, in euros, and what signed avenants changed since."""
        return self.amount + sum(a.amount_change for a in self.signed_amendments)

    @property
    def journal_of_collectivity(self):
        """The journal as the collectivity reads it: not a word of avenants in preparation."""
        unsent = [amendment for amendment in self.amendments.all() if amendment.sent_on is None]
        entries = self.journal.all()
        for amendment in unsent:
            entries = entries.exclude(summary__startswith=f"{amendment.journal_prefix} :")
        return entries

    @property
    def can_be_amended(self) -> bool:
        """Tell whether an avenant may be prepared today."""
        return (
            self.state == State.SIGNED
            and timezone.localdate() <= self.campaign.ends_on
            and all(amendment.is_over for amendment in self.amendments.all())
        )

    def refuse_amending(self, on: datetime.date | None = None):
        """Raise TransitionRefused unless the convention is in force today, or was on `on`."""
        if self.state != State.SIGNED:
            raise TransitionRefused(
                "Un avenant modifie une convention signée par les deux parties : celle-ci est "
                f"{self.get_state_display()}."
            )
        day = on or timezone.localdate()
        starts_on = max(self.collectivity_signed_on, self.region_signed_on)
        refusal = ""
        if day > self.campaign.ends_on:
            refusal = (
                f"La convention a pris fin le {self.campaign.ends_on:%d/%m/%Y} : elle ne se "
                "modifie plus."
            )
        elif day < starts_on:
            refusal = (
                "Un avenant ne peut précéder la prise d'effet de la convention, le "
                f"{starts_on:%d/%m/%Y}."
            )
        if refusal:
            raise TransitionRefused({"on": refusal} if on else refusal)

    def prepare_amendment(self, *, by, reason: str, add=(), remove=()) -> Amendment:
        """Prepare an avenant that adds the schools `add` and removes the lines `remove`.

        The schools added are kept for it at once, and join the convention when both
        parties have signed. Raises TransitionRefused, with the message at its field
        (`reason`, `add`, `remove`).
        """
        add, remove = list(dict.fromkeys(add)), list(dict.fromkeys(remove))
        if by is not None and by.role not in ADMIN_SITE_ROLES:
            raise TransitionRefused("Seul le rectorat prépare un avenant.")
        self.refuse_amending()
        if any(not amendment.is_over for amendment in self.amendments.all()):
            raise TransitionRefused("Un avenant est déjà en cours pour cette convention.")
        if not reason.strip():
            raise TransitionRefused({"reason": "Indiquez l'objet de l'avenant."})
        if not (add or remove):
            raise TransitionRefused("Choisissez au moins une école à ajouter ou à retirer.")
        try:
            with transaction.atomic():
                self._compare_and_swap()
                self._refuse_lines(remove)
                return self._write_amendment(by, reason.strip(), self._lines_to_add(add), remove)
        except IntegrityError as error:
            raise TransitionRefused(
                {"add": "Une de ces écoles vient d'être inscrite ailleurs : relisez la liste."}
            ) from error

    def _refuse_lines(self, remove):
        for line in remove:
            if line.convention_id != self.pk or line.released_on:
                raise TransitionRefused(
                    {"remove": f"{line} n'est pas, ou plus, inscrite à cette convention."}
                )

    def _lines_to_add(self, schools) -> list[ConventionSchool]:
        """Return an enrolment for each school, its own or a new one, in no convention yet."""
        enrolled = {
            line.school_id: line
            for line in self.campaign.schools.enrolled().filter(school__in=schools)
        }
        free = set(self.campaign.schools.waiting().values_list("school_id", flat=True))
        paid = schools_paid_by(self.collectivity, self.campaign.starts_on)
        payable = set(
            paid.filter(pk__in=[school.pk for school in schools]).values_list("pk", flat=True)
        )
        refusals, lines = [], []
        for school in schools:
            line = enrolled.get(school.pk)
            if school.state == School.State.CLOSED:
                refusals.append(f"{school} est fermée.")
            elif school.pk not in payable:
                refusals.append(f"{school} n'est pas à la charge de cette collectivité.")
            elif line and school.pk not in free:
                refusals.append(f"{school} est déjà inscrite cette année.")
            else:
                lines.append(line or ConventionSchool(campaign=self.campaign, school=school))
        if refusals:
            raise TransitionRefused({"add": refusals})
        for line in lines:
            line.campaign = self.campaign
            line.copy_from_school()
            line.fee = self.unit_fee
        return lines

    def _write_amendment(self, by, reason, added, removed):
        last = self.amendments.order_by("-number").first()
        amendment = Amendment(
            convention=self,
            number=last.number + 1 if last else 1,
            reason=reason,
            added_count=len(added),
            removed_count=len(removed),
            unit_fee=self.unit_fee,
            amount_change=(len(added) - len(removed)) * self.unit_fee,
        )
        amendment.full_clean(exclude=["convention"])
        amendment.save()
        for line in added:
            was_enrolled = line.pk is not None
            line.save()
            amendment.schools.create(
                line=line, change=AmendmentSchool.Change.ADDED, was_enrolled=was_enrolled
            )
        for line in removed:
            amendment.schools.create(line=line, change=AmendmentSchool.Change.REMOVED)
        amendment._write_journal(
            by,
            "prepare",
            f"préparé, {len(added)} école(s) ajoutée(s), {len(removed)} retirée(s)",
            to_state=amendment.state,
            comment=reason,
            changes={
                word: [line.uai for line in lines]
                for word, lines in (("added", added), ("removed", removed))
                if lines
            },
        )
        return amendment
