"""The pupils or classes of a school as an agent gives them for one campaign, the annuaire aside."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from conventions.campaigns.tariff_words import counted
from conventions.campaigns.tariffs import Counted
from lifecycle.frozen import Frozen, FrozenQuerySet
from schools.models import School

# More than any school has: a slip of the keyboard.
LARGEST = 2000


class TypedNumberQuerySet(FrozenQuerySet["TypedNumber"]):
    def last_of_each(self) -> "dict[int, TypedNumber]":
        """Return the last number typed for each school, by the school's key; they are few."""
        return {typed.school_id: typed for typed in self.order_by("pk")}


class TypedNumber(Frozen):
    """What a school counts for in one campaign; the last one typed holds.

    `number` is of what `unit` says; None gives the annuaire its say again.
    """

    frozen_message = "Un nombre saisi ne se modifie pas : un autre le remplace."

    campaign = models.ForeignKey(
        "campaigns.Campaign",
        on_delete=models.PROTECT,
        related_name="typed_numbers",
        verbose_name="campagne",
    )
    school = models.ForeignKey(
        School, on_delete=models.PROTECT, related_name="typed_numbers", verbose_name="école"
    )
    unit = models.CharField("nombre", max_length=10, choices=Counted)
    number = models.PositiveIntegerField("nombre saisi", null=True, blank=True)
    reason = models.CharField("motif", max_length=200)
    at = models.DateTimeField("saisi le", auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="saisi par",
    )

    objects = TypedNumberQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = "nombre saisi"
        verbose_name_plural = "nombres saisis"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="typed_number_of_pupils_or_classes",
                condition=Q(unit__in=(Counted.PUPIL, Counted.CLASS)),
                violation_error_message="Seuls des élèves ou des classes se comptent.",
            ),
            models.CheckConstraint(
                name="typed_number_has_reason",
                condition=~Q(reason=""),
                violation_error_message="Indiquez le motif.",
            ),
            models.CheckConstraint(
                name="typed_number_is_of_a_school",
                condition=Q(number__isnull=True) | Q(number__lte=LARGEST),
                violation_error_message=f"Une école n'en compte pas plus de {LARGEST}.",
            ),
        ]

    def __str__(self) -> str:
        if self.number is None:
            return "le nombre de l'annuaire"
        return counted(self.number, self.unit)

    @property
    def source(self) -> str:
        """ "saisi le 24/11/2026", or that the annuaire has its say again."""
        on = timezone.localtime(self.at)
        if self.number is None:
            return f"celui de l'annuaire, depuis le {on:%d/%m/%Y}"
        return f"saisi le {on:%d/%m/%Y} : {self.reason}"
