"""What finance settles for titres: coding by budget year, third parties, author, texts.

A titre copies what it takes from here: a change concerns the next ones only.
"""

import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from communes.models import Academy, Collectivity
from law import collection
from lifecycle.plausible import Window

CODES = (
    "nature_de_recette",
    "fonds",
    "centre_financier",
    "domaine_fonctionnel",
    "centre_de_couts",
    "compte_pce",
    "activite",
)


class Codes(models.Model):
    """The coding that Chorus expects of a titre, blank where nobody filled it in."""

    nature_de_recette = models.CharField("nature de recette", max_length=50, blank=True)
    fonds = models.CharField("fonds", max_length=50, blank=True)
    centre_financier = models.CharField("centre financier", max_length=50, blank=True)
    domaine_fonctionnel = models.CharField("domaine fonctionnel", max_length=50, blank=True)
    centre_de_couts = models.CharField("centre de coûts", max_length=50, blank=True)
    compte_pce = models.CharField("compte PCE", max_length=50, blank=True)
    activite = models.CharField("activité", max_length=50, blank=True)

    class Meta:
        abstract = True

    @property
    def codes(self) -> dict[str, str]:
        """The seven codes, by the name of their field."""
        return {name: getattr(self, name) for name in CODES}

    @property
    def is_complete(self) -> bool:
        """Tell whether every code is filled in."""
        return all(self.codes.values())


class BudgetYear(models.Model):
    """What holds for one budget year of the State.

    Revenue counts in the year in which it is collected (LOLF, article 28); titres issued
    from 1 October to 31 December may still count in that year during the complementary
    period (décret 2007-687, article 2). `last_batch_on` is the last day on which a batch
    may still count, as the accountant gives it.
    """

    year = models.PositiveSmallIntegerField(
        "exercice", unique=True, validators=[MinValueValidator(2015), MaxValueValidator(2100)]
    )
    last_batch_on = models.DateField(
        "dernier jour pour envoyer un lot",
        null=True,
        blank=True,
        help_text="Donné par le comptable pour cet exercice ; rappelé sur la page des lots.",
    )
    # [I]: only the region's own declaration makes it so (décret 2007-44).
    is_earmarked = models.BooleanField(
        "fonds de concours",
        default=False,
        help_text="Cochez si la participation est rattachée par fonds de concours : un compte "
        "d'emploi annuel est alors préparé pour chaque collectivité (décret 2007-44, article 6).",
    )
    use_of_funds = models.TextField(
        "emploi des fonds",
        blank=True,
        help_text="Ce que les participations de l'exercice ont financé, tel qu'imprimé.",
    )

    class Meta:
        verbose_name = "exercice budgétaire"
        verbose_name_plural = "exercices budgétaires"
        ordering = ["-year"]

    def __str__(self) -> str:
        return str(self.year)

    @property
    def is_closed_to_batches(self) -> bool:
        """Tell whether the last day on which a batch may still count in it is past."""
        return self.last_batch_on is not None and self.last_batch_on < timezone.localdate()

    @property
    def counts_after_its_end(self) -> bool:
        """Tell whether a titre issued today may still count in it once the year is over."""
        return collection.may_count_in_complementary_period(timezone.localdate())

    def clean(self) -> None:
        """The last day for a batch is of the year, or of the weeks in which its accounts close."""
        super().clean()
        if self.year and self.last_batch_on:
            first = datetime.date(self.year, 1, 1)
            window = Window(first, datetime.date(self.year + 1, 1, 31))
            if refusal := window.refusal(self.last_batch_on):
                raise ValidationError({"last_batch_on": refusal})


class Coding(Codes):
    """The codes of a budget year: for every académie, or for one of them [I]."""

    budget_year = models.ForeignKey(
        BudgetYear, on_delete=models.PROTECT, related_name="codings", verbose_name="exercice"
    )
    academy = models.ForeignKey(
        Academy,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="académie",
        help_text="Vide : toutes celles qui n'ont pas leur propre codification.",
    )

    class Meta:
        verbose_name = "codification"
        verbose_name_plural = "codifications"
        ordering = ["-budget_year__year", "academy__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["budget_year"],
                condition=Q(academy__isnull=True),
                name="coding_general_once",
                violation_error_message="Cet exercice a déjà sa codification générale.",
            ),
            models.UniqueConstraint(
                fields=["budget_year", "academy"],
                name="coding_once_an_academy",
                violation_error_message="Cette académie a déjà sa codification pour cet exercice.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget_year}, {self.academy or 'toutes les académies'}"


def codings_of(year: int) -> dict[int | None, Coding]:
    """Return the codings of a budget year by the key of their académie, None for the others."""
    rows = Coding.objects.filter(budget_year__year=year)
    return {coding.academy_id: coding for coding in rows}


class ThirdParty(models.Model):
    """A collectivity as Chorus knows it; the next titres say so."""

    collectivity = models.OneToOneField(
        Collectivity,
        on_delete=models.PROTECT,
        related_name="third_party",
        verbose_name="collectivité",
    )
    code = models.CharField("code tiers Chorus", max_length=50, blank=True)
    service_code = models.CharField("code service Chorus", max_length=50, blank=True)

    class Meta:
        verbose_name = "tiers Chorus"
        verbose_name_plural = "tiers Chorus"
        ordering = ["collectivity"]

    def __str__(self) -> str:
        return f"{self.collectivity} : {self.code or 'sans code'}"


class BillingSettings(models.Model):
    """One row: who authors titres, from which amount, and what town halls are told [I]."""

    author_name = models.CharField(
        "nom de l'ordonnateur",
        max_length=160,
        blank=True,
        help_text="Imprimé sur les titres (CRPA, article L212-1) ; vide, le signataire de la "
        "campagne.",
    )
    author_capacity = models.CharField("qualité de l'ordonnateur", max_length=200, blank=True)
    minimum_amount = models.DecimalField(
        "montant minimal d'un titre",
        max_digits=8,
        decimal_places=2,
        default=Decimal("0.00"),
        validators=[MinValueValidator(Decimal("0.00"))],
        help_text="En euros ; en dessous, un titre ne part qu'avec un motif.",
    )
    due_days = models.PositiveSmallIntegerField(
        "jours entre l'émission et l'échéance",
        null=True,
        blank=True,
        help_text="Vide : l'ancienneté se compte depuis la date d'émission.",
    )
    arrival = models.TextField(
        "où arrive le titre",
        blank=True,
        default="Le titre de perception vous parvient par Chorus Pro, à l'adresse de votre "
        "collectivité.",
    )
    payment = models.TextField(
        "comment payer",
        blank=True,
        default="Le comptable de votre collectivité le règle par virement, en rappelant le numéro "
        "du titre.",
    )
    contestation = models.TextField(
        "comment contester",
        blank=True,
        default="Une contestation s'adresse d'abord au comptable chargé du recouvrement, dans les "
        "deux mois qui suivent la notification du titre (décret n° 2012-1246 du 7 novembre 2012, "
        "articles 117 et 118). Elle suspend le recouvrement.",
    )

    class Meta:
        verbose_name = "réglages des titres"
        verbose_name_plural = "réglages des titres"
        constraints = [
            models.CheckConstraint(
                name="billing_settings_single_row",
                condition=Q(pk=1),
                violation_error_message="Ces réglages tiennent en une seule fiche.",
            )
        ]

    def __str__(self) -> str:
        return "Réglages des titres"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)

    @classmethod
    def current(cls) -> "BillingSettings":
        """Return the settings in force; the defaults while nobody has changed any."""
        return cls.objects.filter(pk=1).first() or cls()
