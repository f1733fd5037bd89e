"""A school enrolled in a campaign, as its convention prints it."""

from typing import cast

from django.db import models
from django.db.models import BigIntegerField, Case, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce

from accounts.models import User
from accounts.scope import within_scope
from communes.models import Collectivity
from conventions.campaigns.models import Campaign
from conventions.lifecycle import REWORKABLE
from schools.models import School
from schools.takeover import payer_on


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

    Name, commune and fee are copies: they follow the annuaire until the convention
    is sent and never change after.
    """

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
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "school"],
                condition=Q(released_on__isnull=True),
                name="enrolment_once_a_year",
                violation_error_message="Cette école est déjà inscrite cette année : "
                "elle ne peut figurer dans deux conventions.",
            ),
            models.CheckConstraint(
                name="enrolment_fee_positive",
                condition=Q(fee__gt=0),
                violation_error_message="La participation d'une école est supérieure à zéro.",
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
        self.fee = self.campaign.tariff
