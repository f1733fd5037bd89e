"""What one collectivity owes for one convention, and who owes it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import User
from accounts.scope import collectivity_scope
from communes.models import Collectivity
from conventions.models import Convention
from lifecycle.frozen import Frozen


class ClaimQuerySet(models.QuerySet["Claim"]):
    def for_user(self, user: User) -> "ClaimQuerySet":
        """Leave the claims of the conventions in the scope of `user`."""
        return self.filter(collectivity_scope(user, "convention__collectivity"))


class Claim(models.Model):
    """Of a convention signed by both: its amount and its signed avenants, read from it.

    Opened by the first thing that finance does about it. What was asked of the accountant
    are its titres.
    """

    convention = models.OneToOneField(
        Convention, on_delete=models.PROTECT, related_name="claim", verbose_name="convention"
    )
    # Set until a titre asks for it.
    to_cancel = models.ForeignKey(
        "billing.Titre",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="titre à annuler",
    )
    cancel_reason = models.TextField("motif de l'annulation", blank=True)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = "créance"
        ordering = ["convention__collectivity__search_text", "pk"]
        constraints = [
            models.CheckConstraint(
                name="claim_cancellation_has_reason",
                condition=Q(to_cancel__isnull=True, cancel_reason="")
                | Q(to_cancel__isnull=False) & ~Q(cancel_reason=""),
                violation_error_message="Une annulation porte son motif.",
            )
        ]

    def __str__(self) -> str:
        return f"Créance de {self.convention.reference}"


class DebtorChange(Frozen):
    """Who owes from here on, in place of who signed: the next titres name it as it stands then."""

    frozen_message = "Un changement de débiteur ne se modifie pas : un autre le remplace."

    claim = models.ForeignKey(
        Claim, on_delete=models.PROTECT, related_name="debtor_changes", verbose_name="créance"
    )
    collectivity = models.ForeignKey(
        Collectivity, on_delete=models.PROTECT, related_name="+", verbose_name="débiteur"
    )
    reason = models.TextField("motif")
    at = models.DateTimeField("décidé le", auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="décidé par",
    )

    class Meta:
        verbose_name = "changement de débiteur"
        verbose_name_plural = "changements de débiteur"
        ordering = ["claim", "pk"]

    def __str__(self) -> str:
        return f"{self.claim} : {self.collectivity}"
