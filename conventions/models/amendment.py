"""An avenant: schools added to or removed from a signed convention during its year."""

from decimal import Decimal

from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Greatest, Round

from conventions.lifecycle import AMENDMENT_TRANSITIONS, AmendmentState

from .school import ConventionSchool
from .stateful import Stateful


class Amendment(Stateful):
    TRANSITIONS = AMENDMENT_TRANSITIONS
    noun = "l'avenant"

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
        return f"Avenant n° {self.number} : "


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
