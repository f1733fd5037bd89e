"""A school enrolled in a campaign, as its convention prints it."""

from django.db import models
from django.db.models import Q

from accounts.scope import within_scope
from conventions.lifecycle import REWORKABLE, AmendmentState
from conventions.models.campaign import Campaign
from schools.models import School
from schools.takeover import payer_on


class ConventionSchoolQuerySet(models.QuerySet):
    def payable(self, campaign: Campaign, user=None):
        """Annotate the schools of `campaign` with `payer_id`, its payer of the first day.

        Leave those whose payer stands in the scope of `user`, all without one.
        """
        lines = self.filter(campaign=campaign).annotate(
            payer_id=payer_on(campaign.starts_on, "school")
        )
        return lines if user is None else lines.filter(within_scope(user, "payer_id"))

    def enrolled(self):
        """Those not taken out since."""
        return self.filter(released_on__isnull=True)

    def waiting(self):
        """Enrolled, in no convention yet, and not kept for an avenant."""
        return self.enrolled().filter(convention__isnull=True).exclude(_of_amendments("added"))

    def to_prepare(self):
        """Those that preparing takes up: waiting, or in a convention not sent yet."""
        return (
            self.enrolled()
            .filter(Q(convention__isnull=True) | Q(convention__state__in=REWORKABLE))
            .exclude(_of_amendments("added"))
        )

    def as_issued(self):
        """Those that their convention prints: not taken out before it was sent.

        What avenants add or take out since changes nothing of it.
        """
        return self.exclude(_of_amendments("added")).filter(
            Q(released_on__isnull=True) | _of_amendments("removed", AmendmentState.SIGNED)
        )


def _of_amendments(change: str, *states: str) -> Q:
    """Select the schools that avenants in `states` add or remove; any but abandoned by default."""
    states = states or tuple(set(AmendmentState) - {AmendmentState.ABANDONED})
    lines = ConventionSchool.objects.filter(
        amendments__change=change, amendments__amendment__state__in=states
    )
    return Q(pk__in=lines.values("pk"))


class ConventionSchool(models.Model):
    """Enrolled first, then taken into the payer's convention.

    Name, commune and fee are copies: they follow the annuaire until the convention
    is sent and never change after.
    """

    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="schools", verbose_name="campagne"
    )
    school = models.ForeignKey(
        School, on_delete=models.PROTECT, related_name="enrolments", verbose_name="école"
    )
    convention = models.ForeignKey(
        "conventions.Convention",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="schools",
        verbose_name="convention",
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

    objects = ConventionSchoolQuerySet.as_manager()

    class Meta:
        verbose_name = "école inscrite"
        verbose_name_plural = "écoles inscrites"
        ordering = ["commune_name", "uai"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "school"],
                condition=Q(released_on__isnull=True),
                name="school_enrolled_once_a_year",
                violation_error_message="Cette école est déjà inscrite cette année : "
                "elle ne peut figurer dans deux conventions.",
            ),
            models.CheckConstraint(
                name="convention_school_fee_positive",
                condition=Q(fee__gt=0),
                violation_error_message="La participation d'une école est supérieure à zéro.",
            ),
        ]

    def __str__(self):
        return f"{self.uai} — {self.name}"

    def copy_from_school(self):
        """Take the printed values from the school and the campaign as they are now."""
        commune = self.school.commune
        self.uai = self.school.uai
        self.name = self.school.name
        self.commune_name = commune.name
        self.department_code = commune.department.code
        self.fee = self.campaign.tariff
