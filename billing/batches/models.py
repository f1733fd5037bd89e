"""A list of what could be requested, kept while a person reads it and ticks its lines."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing.claims.obstacles import BLOCKING, Obstacle
from billing.models import Batch, Titre
from conventions.campaigns.models import Campaign
from conventions.models import Convention


class Preparation(models.Model):
    """What was chosen to be listed, by whom; `ready_at` once all of its lines are written."""

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="+", verbose_name="campagne"
    )
    academy_code = models.CharField("académie", max_length=2, blank=True)
    department_code = models.CharField("département", max_length=3, blank=True)
    kinds = models.JSONField("natures", default=list)
    made_at = models.DateTimeField("établie le", auto_now_add=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="établie par",
    )
    ready_at = models.DateTimeField("complète le", null=True)
    batch = models.OneToOneField(
        Batch, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="lot"
    )

    class Meta:
        verbose_name = "liste préparée"
        verbose_name_plural = "listes préparées"
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"Liste de {self.campaign.school_year} du {self.made_at:%d/%m/%Y}"


class PreparedLineQuerySet(models.QuerySet["PreparedLine"]):
    def possible(self) -> "PreparedLineQuerySet":
        """Those that may be requested, some of them with a reason."""
        return self.filter(is_blocked=False)

    def blocked(self) -> "PreparedLineQuerySet":
        return self.filter(is_blocked=True)

    def chosen(self) -> "PreparedLineQuerySet":
        return self.filter(is_blocked=False, is_ticked=True)


class PreparedLine(models.Model):
    """One convention of a list: the titre that it would make, by its digest; or why none.

    `amount` in euros has the sign of its `kind`.
    """

    preparation = models.ForeignKey(
        Preparation, on_delete=models.CASCADE, related_name="lines", verbose_name="liste"
    )
    convention = models.ForeignKey(
        Convention, on_delete=models.CASCADE, related_name="+", verbose_name="convention"
    )
    position = models.PositiveIntegerField("rang")
    kind = models.CharField("nature", max_length=15, choices=Titre.Kind, blank=True)
    debtor_name = models.CharField("débiteur", max_length=220)
    siret = models.CharField("SIRET", max_length=14, blank=True)
    school_count = models.IntegerField("écoles", default=0)
    amount = models.DecimalField("montant", max_digits=10, decimal_places=2, default=0)
    basis = models.TextField("base de liquidation", blank=True)
    is_fragile = models.BooleanField("signée avant l'acte exécutoire", default=False)
    obstacles = models.JSONField("obstacles", default=list)
    is_blocked = models.BooleanField("ne peut être demandée")
    digest = models.CharField("empreinte", max_length=64, blank=True)
    is_ticked = models.BooleanField("choisie", default=False)
    reason = models.TextField("motif", blank=True)

    objects = PreparedLineQuerySet.as_manager()

    class Meta:
        verbose_name = "ligne d'une liste"
        verbose_name_plural = "lignes d'une liste"
        ordering = ["preparation", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["preparation", "convention"],
                name="prepared_line_once",
                violation_error_message="Cette convention est déjà dans la liste.",
            ),
            models.CheckConstraint(
                name="prepared_line_ticked_is_possible",
                condition=Q(is_ticked=False) | Q(is_blocked=False),
                violation_error_message="Cette ligne ne peut pas être demandée.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.debtor_name} : {self.amount} €"

    @property
    def obstacle_labels(self) -> list[str]:
        return [str(Obstacle(key).label) for key in self.obstacles]

    @property
    def wants_reason(self) -> bool:
        """Tell whether something stands in its way that a reason passes over."""
        return bool(self.obstacles) and not any(key in BLOCKING for key in self.obstacles)
