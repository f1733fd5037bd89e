"""Whose file it is among the agents."""

from django.conf import settings
from django.db import models

from conventions.models import Convention


class Assignment(models.Model):
    """The agent who follows a file; a file without one is followed by all."""

    convention = models.OneToOneField(
        Convention, on_delete=models.CASCADE, related_name="assignment", verbose_name="convention"
    )
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="assignments",
        verbose_name="agent",
    )
    at = models.DateTimeField("confié le", auto_now=True)

    class Meta:
        verbose_name = "dossier confié"
        verbose_name_plural = "dossiers confiés"
        ordering = ["convention"]

    def __str__(self) -> str:
        return f"{self.convention_id} : {self.agent}"
