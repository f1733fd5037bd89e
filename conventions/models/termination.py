"""Article 11: formal notice, conciliation, second letter, termination."""

import datetime

from django.db import models
from django.db.models import F, Q

from law import deadlines


class Termination(models.Model):
    """The steps taken by one party, each dated; `Convention.terminate` ends them.

    A settlement closes the procedure: another may be opened later, one at a time.
    """

    class Side(models.TextChoices):
        REGION = "region", "région académique"
        COLLECTIVITY = "collectivity", "collectivité"

    convention = models.ForeignKey(
        "conventions.Convention",
        on_delete=models.PROTECT,
        related_name="terminations",
        verbose_name="convention",
    )
    side = models.CharField("à l'initiative de", max_length=15, choices=Side)
    grievances = models.TextField("griefs exposés")
    notice_on = models.DateField("mise en demeure (lettre recommandée) du")
    conciliation_on = models.DateField("réunion de conciliation le", null=True, blank=True)
    settled_on = models.DateField("accord trouvé le", null=True, blank=True)
    reasons = models.TextField("motifs de la résiliation", blank=True)
    second_letter_on = models.DateField("seconde lettre recommandée du", null=True, blank=True)
    terminated_on = models.DateField("résiliée le", null=True, blank=True)

    class Meta:
        verbose_name = "résiliation"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["convention"],
                condition=Q(settled_on__isnull=True),
                name="termination_one_open",
                violation_error_message="Une procédure de résiliation est déjà en cours.",
            ),
            models.CheckConstraint(
                name="termination_conciliation_after_notice",
                condition=Q(conciliation_on__isnull=True) | Q(conciliation_on__gte=F("notice_on")),
                violation_error_message="La conciliation suit la mise en demeure.",
            ),
            models.CheckConstraint(
                name="termination_second_letter_after_notice",
                condition=Q(second_letter_on__isnull=True)
                | Q(second_letter_on__gte=F("notice_on")),
                violation_error_message="La seconde lettre suit la mise en demeure.",
            ),
            models.CheckConstraint(
                name="termination_second_letter_after_conciliation",
                condition=Q(second_letter_on__isnull=True)
                | Q(conciliation_on__isnull=True)
                | Q(second_letter_on__gte=F("conciliation_on")),
                violation_error_message="La seconde lettre suit la conciliation.",
            ),
            models.CheckConstraint(
                name="termination_settled_after_notice",
                condition=Q(settled_on__isnull=True) | Q(settled_on__gte=F("notice_on")),
                violation_error_message="L'accord suit la mise en demeure.",
            ),
            models.CheckConstraint(
                name="termination_after_second_letter",
                condition=Q(terminated_on__isnull=True)
                | Q(second_letter_on__isnull=False, terminated_on__gt=F("second_letter_on")),
                violation_error_message="La résiliation suit la seconde lettre.",
            ),
            models.CheckConstraint(
                name="termination_settled_or_terminated",
                condition=Q(settled_on__isnull=True) | Q(terminated_on__isnull=True),
                violation_error_message="Un accord trouvé met fin à la procédure de résiliation.",
            ),
        ]

    def __str__(self):
        return f"Résiliation de {self.convention}"

    @property
    def is_open(self) -> bool:
        return self.settled_on is None and self.terminated_on is None

    @property
    def awaits_conciliation(self) -> bool:
        """Tell whether the formal notice is the last thing done."""
        return self.is_open and not (self.conciliation_on or self.second_letter_on)

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
