"""A batch of requests to the accountant, the files it was sent with, what became of it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from conventions.campaigns.models import Campaign
from documents.storage import document_storage
from lifecycle.frozen import Frozen, FrozenQuerySet
from lifecycle.triggers import Rule


def _stored_name(batch: models.Model, filename: str) -> str:
    """Where files of batches were stored first: the first migration names this function."""
    return f"titres/{filename}"


class BatchQuerySet(FrozenQuerySet["Batch"]):
    def standing(self) -> "BatchQuerySet":
        """Leave out those that were withdrawn."""
        gone = BatchOutcome.objects.filter(batch=OuterRef("pk"), kind=BatchOutcome.Kind.WITHDRAWN)
        return self.filter(~Exists(gone))

    def without_files(self) -> "BatchQuerySet":
        """Leave those of which a file is still to be written."""
        slip = BatchFile.objects.filter(batch=OuterRef("pk"), kind=BatchFile.Kind.SLIP)
        return self.filter(~Exists(slip))


class Batch(Frozen):
    """Requests made together, once. `amount` is in euros: what they ask for, net."""

    frozen_message = "Ce qui a été remis au comptable ne change plus."

    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="batches", verbose_name="campagne"
    )
    number = models.PositiveIntegerField("numéro")
    made_at = models.DateTimeField("fait le", auto_now_add=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="fait par",
    )
    titre_count = models.PositiveIntegerField("titres")
    school_count = models.IntegerField("écoles")
    amount = models.DecimalField("montant net", max_digits=12, decimal_places=2)

    objects = BatchQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = "lot de titres"
        verbose_name_plural = "lots de titres"
        ordering = ["-campaign__start_year", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "number"],
                name="batch_number_unique",
                violation_error_message="Ce numéro de lot existe déjà.",
            )
        ]

    def __str__(self) -> str:
        return f"Lot n° {self.number} de {self.campaign.school_year}"

    @property
    def is_sent(self) -> bool:
        return self._became(BatchOutcome.Kind.SENT)

    @property
    def is_withdrawn(self) -> bool:
        return self._became(BatchOutcome.Kind.WITHDRAWN)

    def _became(self, kind: str) -> bool:
        # The reverse of a OneToOne: absent until something became of the batch.
        outcome = getattr(self, "outcome", None)
        return outcome is not None and outcome.kind == kind


class BatchFile(Frozen):
    """A file of a batch, stored under its SHA-256; `size` in bytes."""

    class Kind(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "XLSX"
        SLIP = "pdf", "bordereau (PDF)"

    frozen_message = "Un fichier remis au comptable ne change plus."

    batch = models.ForeignKey(
        Batch, on_delete=models.PROTECT, related_name="files", verbose_name="lot"
    )
    kind = models.CharField("nature", max_length=5, choices=Kind)
    file = models.FileField("fichier", storage=document_storage, max_length=200)
    sha256 = models.CharField("empreinte SHA-256", max_length=64)
    size = models.PositiveBigIntegerField("taille en octets")
    made_at = models.DateTimeField("écrit le", auto_now_add=True)

    class Meta:
        verbose_name = "fichier d'un lot"
        verbose_name_plural = "fichiers d'un lot"
        ordering = ["batch", "kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "kind"],
                name="batch_file_once",
                violation_error_message="Ce fichier du lot est déjà écrit.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What it is downloaded under: "titres-de-perception-2022-2023-lot-3.csv"."""
        batch = self.batch
        what = "bordereau" if self.kind == self.Kind.SLIP else "titres-de-perception"
        return f"{what}-{batch.campaign.school_year}-lot-{batch.number}.{self.kind}"


class BatchOutcome(Frozen):
    """What became of a batch, once: sent to the accountant on a day, or withdrawn whole."""

    class Kind(models.TextChoices):
        SENT = "sent", "transmis au comptable"
        WITHDRAWN = "withdrawn", "retiré"

    frozen_message = "Ce qui a été fait d'un lot ne change plus."

    database_rules: ClassVar = (
        Rule(
            "batch_answered_stays",
            "BEFORE INSERT",
            "NEW.kind = 'withdrawn' AND EXISTS (SELECT 1 FROM billing_entry e "
            "JOIN billing_titre t ON t.id = e.titre_id WHERE t.batch_id = NEW.batch_id)",
            "Le comptable a déjà répondu sur ce lot : il ne peut plus être retiré.",
        ),
    )

    batch = models.OneToOneField(
        Batch, on_delete=models.PROTECT, related_name="outcome", verbose_name="lot"
    )
    kind = models.CharField("ce qui en a été fait", max_length=10, choices=Kind)
    on = models.DateField("le")
    reason = models.TextField("motif", blank=True)
    at = models.DateTimeField("enregistré le", auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="enregistré par",
    )

    class Meta:
        verbose_name = "suite d'un lot"
        verbose_name_plural = "suites d'un lot"
        ordering = ["batch"]
        constraints = [
            models.CheckConstraint(
                name="batch_withdrawn_has_reason",
                condition=Q(kind="sent") | ~Q(reason=""),
                violation_error_message="Le retrait d'un lot porte son motif.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.batch} : {self.get_kind_display()} le {self.on:%d/%m/%Y}"
