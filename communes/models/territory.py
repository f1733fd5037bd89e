"""The official territory: region, academies, départements, communes."""

from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from simple_history.models import HistoricalRecords

from communes import french
from tabular.folding import fold

validate_insee = RegexValidator(
    r"^(\d{5}|2[AB]\d{3})$", "Un code INSEE compte cinq caractères, par exemple 34337."
)

# Inhabitants from which a commune publishes its acts on its website (CGCT L2131-1 IV).
ONLINE_FROM = 3500


class Region(models.Model):
    """The région académique: the State as a party to the conventions."""

    code = models.CharField("code", max_length=2, unique=True)
    name = models.CharField("nom", max_length=100, help_text="Par exemple « Occitanie ».")
    full_name = models.CharField(
        "nom complet", max_length=150, help_text="Tel qu'imprimé, « Région académique Occitanie »."
    )
    address_line = models.CharField("adresse", max_length=200)
    postcode = models.CharField("code postal", max_length=5)
    city = models.CharField("ville", max_length=100)
    place = models.CharField(
        "lieu de signature", max_length=100, help_text="Ville imprimée après « Fait à »."
    )
    litigation_court = models.CharField(
        "tribunal compétent pour la convention",
        max_length=100,
        help_text="Par exemple « tribunal administratif de Montpellier ».",
    )

    class Meta:
        verbose_name = "région académique"
        verbose_name_plural = "régions académiques"

    def __str__(self) -> str:
        return self.full_name


class Academy(models.Model):
    code = models.CharField("code", max_length=2, unique=True)
    name = models.CharField("nom", max_length=100)
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, related_name="academies", verbose_name="région"
    )

    class Meta:
        verbose_name = "académie"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Department(models.Model):
    """A département, with what acts print of its prefect and its administrative court."""

    code = models.CharField("code", max_length=3, unique=True)
    name = models.CharField("nom", max_length=100)
    academy = models.ForeignKey(
        Academy, on_delete=models.PROTECT, related_name="departments", verbose_name="académie"
    )
    of_name = models.CharField(
        "nom précédé de « de »",
        max_length=100,
        help_text="« de l'Hérault », « du Gard », « des Hautes-Pyrénées » : sert au titre du préfet.",
    )
    court = models.CharField(
        "tribunal administratif",
        max_length=100,
        help_text="Tel qu'imprimé sur les actes : « tribunal administratif de Montpellier ».",
    )

    class Meta:
        verbose_name = "département"
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"

    @property
    def prefect(self) -> str:
        """The prefect's title, "Préfet de l'Hérault"."""
        return f"Préfet {self.of_name}"


class Commune(models.Model):
    """A row of the code officiel géographique, where schools stand."""

    code = models.CharField("code INSEE", max_length=5, unique=True, validators=[validate_insee])
    name = models.CharField("nom", max_length=100)
    of_name = models.CharField(
        "nom précédé de « de »",
        max_length=110,
        blank=True,
        help_text="À remplir seulement si « commune d'Agde », « du Vigan »… est faux sur l'acte.",
    )
    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, related_name="communes", verbose_name="département"
    )
    siren = models.CharField("SIREN", max_length=9)
    postcodes = models.CharField("codes postaux", max_length=200, blank=True)
    population = models.PositiveIntegerField("population", default=0)
    epci_siren = models.CharField("SIREN de l'EPCI", max_length=9, blank=True)
    epci_name = models.CharField("EPCI", max_length=200, blank=True)
    search_text = models.CharField(max_length=300, editable=False, default="")

    history = HistoricalRecords(excluded_fields=["search_text"])

    class Meta:
        verbose_name = "commune"
        ordering = ["department__code", "search_text", "code"]
        indexes = [models.Index(fields=["search_text"])]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search_text = self.build_search_text()
        super().save(*args, **kwargs)

    def build_search_text(self) -> str:
        """What the search box matches; bulk writers call it themselves."""
        return fold(f"{self.name} {self.code} {self.siren} {self.postcodes}")[:300]

    @property
    def name_with_of(self) -> str:
        """ "d'Agde", "du Vigan": the correction of an agent, else the rule."""
        return self.of_name or french.of(
            self.name, aspirate_h=self.department.code in french.GASCON_DEPARTMENTS
        )

    @property
    def must_publish_online(self) -> bool:
        """From ONLINE_FROM inhabitants an act is published on the website (CGCT L2131-1 IV)."""
        return self.population >= ONLINE_FROM


class FormerCode(models.Model):
    """A code that a commune bore before a merger: files still use it for years."""

    code = models.CharField("ancien code INSEE", max_length=5, unique=True)
    commune = models.ForeignKey(
        Commune, on_delete=models.CASCADE, related_name="former_codes", verbose_name="commune"
    )

    class Meta:
        verbose_name = "ancien code INSEE"
        verbose_name_plural = "anciens codes INSEE"
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} → {self.commune_id}"
