"""Public primary schools, as the annuaire de l'éducation describes them."""

from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords

from communes.folding import fold
from communes.models import Collectivity, Commune

from . import uai as uai_code


def validate_uai(value: str) -> None:
    try:
        uai_code.parse(value)
    except uai_code.InvalidUAI as error:
        raise ValidationError(str(error)) from None


class School(models.Model):
    class State(models.TextChoices):
        OPEN = "open", "ouverte"
        TO_CLOSE = "to_close", "à fermer"
        CLOSED = "closed", "fermée"

    class Nature(models.TextChoices):
        """Codes of the annuaire for public primary schools."""

        MATERNELLE = "101", "école maternelle"
        MATERNELLE_APPLICATION = "103", "école maternelle d'application"
        ELEMENTAIRE = "151", "école élémentaire ou primaire"
        ELEMENTAIRE_SPECIALE = "152", "école élémentaire spécialisée"
        ELEMENTAIRE_APPLICATION = "153", "école élémentaire d'application"

    uai = models.CharField("code UAI", max_length=8, unique=True, validators=[validate_uai])
    name = models.CharField("nom", max_length=200)
    nature = models.CharField("nature", max_length=3, choices=Nature)
    commune = models.ForeignKey(
        Commune, on_delete=models.PROTECT, related_name="schools", verbose_name="commune"
    )
    payer = models.ForeignKey(
        Collectivity,
        on_delete=models.PROTECT,
        related_name="schools",
        verbose_name="collectivité qui paie",
        help_text="La commune, sauf si un regroupement a repris l'école.",
    )
    address_line = models.CharField("adresse", max_length=200, blank=True)
    postcode = models.CharField("code postal", max_length=5, blank=True)
    email = models.EmailField("adresse électronique", blank=True)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    pupils = models.PositiveIntegerField("nombre d'élèves", null=True, blank=True)
    state = models.CharField("état", max_length=10, choices=State, default=State.OPEN)
    opened_on = models.DateField("ouverte le", null=True, blank=True)
    closure_proposed_on = models.DateField(
        "fermeture proposée le",
        null=True,
        blank=True,
        help_text="Absente d'un fichier complet : à confirmer par un agent.",
    )
    search_text = models.CharField(max_length=400, editable=False, default="")

    history = HistoricalRecords(excluded_fields=["search_text"])

    class Meta:
        verbose_name = "école"
        ordering = ["uai"]
        indexes = [models.Index(fields=["search_text"])]

    def __str__(self):
        return f"{self.name} ({self.uai})"

    def save(self, *args, **kwargs):
        self.search_text = self.build_search_text()
        super().save(*args, **kwargs)

    def build_search_text(self) -> str:
        """What the search box matches; bulk writers call it themselves."""
        return f"{fold(self.name)} {fold(self.commune.name)} {self.uai.lower()} {self.postcode}"
