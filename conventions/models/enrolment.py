"""A school enrolled in a campaign, as its convention prints it."""

from typing import ClassVar, cast

from django.db import models
from django.db.models import BigIntegerField, Case, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce

from accounts.models import User
from accounts.scope import within_scope
from communes.models import Collectivity
from conventions.campaigns.models import Campaign, TypedNumber
from conventions.campaigns.tariffs import ZERO, Counted, Tariff
from conventions.lifecycle import REWORKABLE
from lifecycle.triggers import Rule
from schools.models import School
from schools.takeover import payer_on

_REWORKABLE = ", ".join(f"'{state.value}'" for state in REWORKABLE)


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    def payable(self, campaign: Campaign, user: User | None = None) -> "EnrolmentQuerySet":
        """Annotate the schools of `campaign` with `payer_id`, its payer of the first day.

        Leave those whose payer stands in the scope of `user`, all without one.
        """
        enrolments = self.filter(campaign=campaign).annotate(
            payer_id=payer_on(campaign.starts_on, "school")
        )
        return enrolments if user is None else enrolments.filter(within_scope(user, "payer_id"))

    def with_payer(self, *campaigns: Campaign) -> "EnrolmentQuerySet":
        """Annotate `payer_id`, who pays for each school in its own year, and `payer_name`.

        Whoever has it in a convention or in an avenant; before, its payer of the first day.
        `campaigns`: theirs, where they are known; else all are read.
        """
        first_days = (
            When(campaign=campaign.pk, then=payer_on(campaign.starts_on, "school"))
            for campaign in campaigns or Campaign.objects.all()
        )
        payer = Coalesce(
            F("convention__collectivity"),
            F("added_by__convention__collectivity"),
            Case(*first_days, output_field=BigIntegerField()),
        )
        named = Collectivity.objects.filter(pk=OuterRef("payer_id"))
        found = self.annotate(payer_id=payer).annotate(
            payer_name=Subquery(named.values("name")),
            payer_search=Subquery(named.values("search_text")),
        )
        return cast(EnrolmentQuerySet, found)

    def enrolled(self) -> "EnrolmentQuerySet":
        """Those not taken out since."""
        return self.filter(released_on__isnull=True)

    def waiting(self) -> "EnrolmentQuerySet":
        """Enrolled, in no convention yet, and not kept for an avenant."""
        return self.enrolled().filter(convention__isnull=True, added_by__isnull=True)

    def to_prepare(self) -> "EnrolmentQuerySet":
        """Those that preparing takes up: waiting, or in a convention not sent yet."""
        reworkable = Q(convention__isnull=True) | Q(convention__state__in=REWORKABLE)
        return self.enrolled().filter(reworkable, added_by__isnull=True)

    def as_issued(self) -> "EnrolmentQuerySet":
        """Those that their convention prints: not taken out before it was sent.

        What avenants add or take out since changes nothing of it.
        """
        kept = Q(released_on__isnull=True) | Q(removed_by__isnull=False)
        return self.filter(kept, added_by__isnull=True)


class Enrolment(models.Model):
    """Enrolled first, then taken into the payer's convention.

    Name, commune, number and fee are copies: they follow the annuaire until the convention
    is sent and never change after. `fee` is the school's own line, VAT in it: 0 where the
    collectivity owes a lump sum.
    """

    database_rules: ClassVar = (
        Rule(
            "enrolment_line_settled",
            "BEFORE UPDATE OF fee, number, convention_id",
            "EXISTS (SELECT 1 FROM conventions_convention c WHERE c.id = OLD.convention_id "  # noqa: S608
            f"AND c.state NOT IN ({_REWORKABLE})) AND (NEW.fee <> OLD.fee "
            "OR COALESCE(NEW.number, -1) <> COALESCE(OLD.number, -1) "
            "OR COALESCE(NEW.convention_id, -1) <> OLD.convention_id)",
            "Une convention envoyée garde les lignes de son montant : seul un avenant le change.",
        ),
    )

    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="enrolments", verbose_name="campagne"
    )
    school = models.ForeignKey(
        School, on_delete=models.PROTECT, related_name="enrolments", verbose_name="école"
    )
    convention = models.ForeignKey(
        "conventions.Convention",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="enrolments",
        verbose_name="convention",
    )
    # Kept for this avenant from its preparation on; the convention's own school when None.
    added_by = models.ForeignKey(
        "amendments.Amendment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name="ajoutée par l'avenant",
    )
    # Once that avenant has taken effect.
    removed_by = models.ForeignKey(
        "amendments.Amendment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name="retirée par l'avenant",
    )
    uai = models.CharField("code UAI", max_length=8)
    name = models.CharField("nom imprimé", max_length=200)
    commune_name = models.CharField("commune", max_length=100)
    department_code = models.CharField("département", max_length=3)
    fee = models.DecimalField("participation", max_digits=8, decimal_places=2)
    number = models.PositiveIntegerField(
        "nombre compté",
        null=True,
        blank=True,
        help_text="D'élèves ou de classes, là où le tarif les compte.",
    )
    # The last number typed for this school in this campaign, which its own gives way to.
    typed = models.ForeignKey(
        TypedNumber,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name="nombre saisi",
    )
    enrolled_at = models.DateTimeField("inscrite le", auto_now_add=True)
    released_on = models.DateField(
        "retirée le",
        null=True,
        blank=True,
        editable=False,
        help_text="Inscription retirée, ou convention abandonnée.",
    )

    # Where `payable` or `with_payer` computed it.
    payer_id: int

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = "école inscrite"
        verbose_name_plural = "écoles inscrites"
        ordering = ["commune_name", "uai"]
        # The order of the agents' list, which ends with the newest: of all years it reads a page
        # from here, where it would sort every row with the payer sought for each.
        indexes = [models.Index(fields=["commune_name", "uai", "-id"], name="enrolment_in_order")]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "school"],
                condition=Q(released_on__isnull=True),
                name="enrolment_once_a_year",
                violation_error_message="Cette école est déjà inscrite cette année : "
                "elle ne peut figurer dans deux conventions.",
            ),
            models.CheckConstraint(
                name="enrolment_fee_not_negative",
                condition=Q(fee__gte=0),
                violation_error_message="La participation d'une école n'est jamais au-dessous de "
                "zéro.",
            ),
            models.CheckConstraint(
                name="enrolment_removed_is_released",
                condition=Q(removed_by__isnull=True) | Q(released_on__isnull=False),
                violation_error_message="Une école retirée par un avenant porte la date de son "
                "retrait.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uai} — {self.name}"

    def copy_from_school(self) -> None:
        """Take the printed values from the school and the campaign as they are now."""
        commune = self.school.commune
        self.uai = self.school.uai
        self.name = self.school.name
        self.commune_name = commune.name
        self.department_code = commune.department.code
        self.count_by(self.campaign.rule)

    def count_by(self, tariff: Tariff) -> None:
        """Take what the school counts for at a tariff, and its own line: 0 until it is known."""
        self.number = self.number_of(Counted(tariff.unit)) if tariff.asks_numbers else None
        self.fee = ZERO if self.is_unknown_to(tariff) else tariff.charge([self.weight]).fees[0]

    def number_of(self, unit: Counted) -> int | None:
        """Return the pupils or classes of the school: as typed for this campaign, else its own."""
        if self.typed and self.typed.unit == unit and self.typed.number is not None:
            return self.typed.number
        return self.school.pupils if unit == Counted.PUPIL else self.school.classes

    @property
    def may_be_counted(self) -> bool:
        """Tell whether its number may still be typed: enrolled, in nothing that was sent."""
        is_open = self.convention is None or self.convention.state in REWORKABLE
        return is_open and self.released_on is None and self.added_by_id is None

    @property
    def is_typed(self) -> bool:
        """Tell whether it counts for a number that was typed."""
        typed = self.typed.number if self.typed else None
        return typed is not None and typed == self.number

    def is_unknown_to(self, tariff: Tariff) -> bool:
        """Tell whether the tariff counts something of the school that nobody has said."""
        return tariff.asks_numbers and self.number is None

    @property
    def weight(self) -> int:
        """What it counts for: its pupils or classes, or one school."""
        return 1 if self.number is None else self.number
