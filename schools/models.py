"""Public primary schools, as the annuaire de l'éducation describes them."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords

from communes.models import Collectivity, Commune
from schools import uai as uai_code
from tabular.folding import fold


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
        NIVEAU_ELEMENTAIRE_SPECIALISEE = "162", "école de niveau élémentaire spécialisée"

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
        help_text="La commune, sauf si un regroupement a repris l'école. Elle change par "
        "« Confier à un regroupement », dans la liste des écoles.",
    )
    address_line = models.CharField("adresse", max_length=200, blank=True)
    postcode = models.CharField("code postal", max_length=5, blank=True)
    email = models.EmailField("adresse électronique", blank=True)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    pupils = models.PositiveIntegerField("nombre d'élèves", null=True, blank=True)
    classes = models.PositiveIntegerField("nombre de classes", null=True, blank=True)
    # The annuaire does not say of which year its number of pupils is; a file of pupils does.
    counted_in = models.PositiveSmallIntegerField(
        "effectifs de la rentrée",
        null=True,
        blank=True,
        validators=[MinValueValidator(2000), MaxValueValidator(2100)],
        help_text="Année du dernier fichier d'effectifs importé ; vide si le nombre d'élèves vient "
        "de l'annuaire.",
    )
    state = models.CharField("état", max_length=10, choices=State, default=State.OPEN)
    opened_on = models.DateField("ouverte le", null=True, blank=True)
    closure_proposed_on = models.DateField(
        "fermeture proposée le",
        null=True,
        blank=True,
        help_text="Absente d'un fichier complet : à confirmer par un agent.",
    )
    listed_since = models.DateField(
        "dans l'annuaire depuis le",
        null=True,
        blank=True,
        editable=False,
        help_text="Premier fichier importé où elle figure. Une école saisie à la main n'y est pas "
        "encore : un fichier où elle manque n'en dit rien.",
    )
    # Where it stands, in degrees (WGS 84). Nobody decides on it: no history, counted in reports.
    latitude = models.FloatField(
        "latitude",
        null=True,
        blank=True,
        editable=False,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
    )
    longitude = models.FloatField(
        "longitude",
        null=True,
        blank=True,
        editable=False,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )
    search_text = models.CharField(max_length=400, editable=False, default="")

    # What an import writes without a line of history.
    UNTRACKED = ("listed_since", "latitude", "longitude", "search_text")
    history = HistoricalRecords(excluded_fields=UNTRACKED)

    class Meta:
        verbose_name = "école"
        ordering = ["uai"]
        indexes = [models.Index(fields=["search_text"])]
        constraints = [
            models.CheckConstraint(
                name="school_latitude_iff_longitude",
                condition=models.Q(latitude__isnull=True, longitude__isnull=True)
                | models.Q(latitude__isnull=False, longitude__isnull=False),
                violation_error_message="Une école se place par sa latitude et sa longitude : "
                "donnez les deux, ou aucune.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.uai})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search_text = self.build_search_text()
        super().save(*args, **kwargs)

    @property
    def is_closing(self) -> bool:
        """Tell whether its closure is announced, by the annuaire or by its absence from it."""
        return self.state == self.State.TO_CLOSE or self.closure_proposed_on is not None

    search_reads = ("commune",)

    def build_search_text(self) -> str:
        """What the search box matches; bulk writers call it themselves."""
        return fold(f"{self.name} {self.commune.name} {self.uai} {self.postcode}")[:400]


class Takeover(models.Model):
    """From a day on, a grouping pays for a school; or its commune again, without payer.

    The latest row decides until the next one begins: periods can neither overlap nor
    leave a gap. A school without any is paid for by its commune.
    """

    school = models.ForeignKey(
        School, on_delete=models.PROTECT, related_name="takeovers", verbose_name="école"
    )
    payer = models.ForeignKey(
        Collectivity,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="takeovers",
        verbose_name="regroupement",
        limit_choices_to={"kind__in": Collectivity.GROUPINGS, "merged_into__isnull": True},
        help_text="EPCI ou syndicat ; vide quand la commune paie à nouveau.",
    )
    since = models.DateField("à compter du")

    history = HistoricalRecords()

    class Meta:
        verbose_name = "reprise d'école"
        verbose_name_plural = "reprises d'écoles"
        ordering = ["school__uai", "-since"]
        constraints = [
            models.UniqueConstraint(
                fields=["school", "since"],
                name="takeover_once_a_day",
                violation_error_message="Le payeur de cette école change déjà ce jour-là.",
            ),
        ]

    def __str__(self) -> str:
        payer = self.payer.name if self.payer else "la commune"
        return f"{self.school} : {payer} à compter du {self.since:%d/%m/%Y}"
