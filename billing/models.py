"""What the finance staff set once for every claim, and what they asked of the accountant."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from conventions.amendments.models import Amendment
from conventions.campaigns.models import Campaign
from conventions.models import Convention
from documents.storage import document_storage
from lifecycle.frozen import Frozen


class ChorusSettings(models.Model):
    """The coding that Chorus expects on each claim: one row, blank until filled in."""

    nature_de_recette = models.CharField("nature de recette", max_length=50, blank=True)
    fonds = models.CharField("fonds", max_length=50, blank=True)
    centre_financier = models.CharField("centre financier", max_length=50, blank=True)
    domaine_fonctionnel = models.CharField("domaine fonctionnel", max_length=50, blank=True)
    centre_de_couts = models.CharField("centre de coûts", max_length=50, blank=True)
    compte_pce = models.CharField("compte PCE", max_length=50, blank=True)
    activite = models.CharField("activité", max_length=50, blank=True)

    class Meta:
        verbose_name = "codification Chorus"
        verbose_name_plural = "codification Chorus"
        constraints = [
            models.CheckConstraint(
                name="chorus_settings_single_row",
                condition=models.Q(pk=1),
                violation_error_message="La codification Chorus tient en une seule fiche.",
            )
        ]

    def __str__(self) -> str:
        return "Codification Chorus"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)

    @property
    def is_complete(self) -> bool:
        """Tell whether every code is filled in."""
        return all(
            getattr(self, field.name) for field in self._meta.fields if not field.primary_key
        )

    @classmethod
    def current(cls) -> "ChorusSettings":
        """Return the coding in force; blank when nobody has filled it in."""
        return cls.objects.first() or cls()


class HandedOver(Frozen):
    """Written once: what the accountant has received is corrected by another titre."""

    frozen_message = "Ce qui a été remis au comptable ne change plus."

    class Meta:
        abstract = True


def _stored_name(batch: "ExportBatch", filename: str) -> str:
    return f"titres/{batch.campaign.school_year}/{filename}"


class ExportBatch(HandedOver):
    """Claims exported together, once, and the files as they were handed over.

    `amount` is in euros. The files are kept: what a convention becomes later does not
    change them.
    """

    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="batches", verbose_name="campagne"
    )
    number = models.PositiveIntegerField("numéro")
    made_at = models.DateTimeField("exporté le", auto_now_add=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="exporté par",
    )
    claims = models.PositiveIntegerField("titres")
    schools = models.IntegerField("écoles")
    amount = models.DecimalField("montant", max_digits=12, decimal_places=2)
    csv = models.FileField(
        "fichier CSV", upload_to=_stored_name, storage=document_storage, max_length=200
    )
    xlsx = models.FileField(
        "fichier XLSX", upload_to=_stored_name, storage=document_storage, max_length=200
    )

    class Meta:
        verbose_name = "lot d'export"
        verbose_name_plural = "lots d'export"
        ordering = ["-campaign__start_year", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "number"],
                name="export_batch_number_unique",
                violation_error_message="Ce numéro de lot existe déjà.",
            )
        ]

    def __str__(self) -> str:
        return f"Lot n° {self.number} de {self.campaign.school_year}"

    def filename(self, file_format: str) -> str:
        """Return "titres-de-perception-2022-2023-lot-3.csv"."""
        return f"titres-de-perception-{self.campaign.school_year}-lot-{self.number}.{file_format}"


class Titre(HandedOver):
    """What was asked of the accountant for one claim, once: `amount` in euros.

    A reduction has an amount below zero. A titre is never edited: a correction is
    another one (rules of the field, titres de perception).
    """

    batch = models.ForeignKey(
        ExportBatch, on_delete=models.PROTECT, related_name="titres", verbose_name="lot"
    )
    convention = models.ForeignKey(
        Convention, on_delete=models.PROTECT, related_name="titres", verbose_name="convention"
    )
    amendment = models.ForeignKey(
        Amendment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="titres",
        verbose_name="avenant",
    )
    reference = models.CharField("référence", max_length=40)
    schools = models.IntegerField("écoles")
    amount = models.DecimalField("montant", max_digits=10, decimal_places=2)

    class Meta:
        verbose_name = "titre de perception"
        verbose_name_plural = "titres de perception"
        ordering = ["batch", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["convention"],
                condition=Q(amendment__isnull=True),
                name="titre_once_per_convention",
                violation_error_message="Le titre de cette convention a déjà été exporté.",
            ),
            models.UniqueConstraint(
                fields=["amendment"],
                name="titre_once_per_amendment",
                violation_error_message="Le titre de cet avenant a déjà été exporté.",
            ),
            models.CheckConstraint(
                condition=~Q(amount=0),
                name="titre_amount_not_zero",
                violation_error_message="Un titre porte un montant.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference
