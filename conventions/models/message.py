"""The thread of a file: what each side wrote to the other."""

from django.conf import settings
from django.db import models

from documents.models import Document


class Message(models.Model):
    class Side(models.TextChoices):
        TOWN_HALL = "town_hall", "collectivité"
        RECTORAT = "rectorat", "rectorat"

    class Subject(models.TextChoices):
        SCHOOLS = "schools", "les écoles"
        AMOUNT = "amount", "le montant"
        COLLECTIVITY = "collectivity", "la collectivité ou son représentant"
        OTHER = "other", "autre chose"

    convention = models.ForeignKey(
        "conventions.Convention",
        on_delete=models.PROTECT,
        related_name="messages",
        verbose_name="convention",
    )
    at = models.DateTimeField("le", auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="par",
    )
    by_name = models.CharField("auteur", max_length=200)
    side = models.CharField("côté", max_length=10, choices=Side)
    subject = models.CharField("sujet", max_length=15, choices=Subject)
    body = models.TextField("message", max_length=5000)
    attachment = models.ForeignKey(
        Document,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="pièce jointe",
    )

    class Meta:
        verbose_name = "message"
        ordering = ["at", "pk"]

    def __str__(self):
        return f"{self.by_name}, {self.get_subject_display()}"
