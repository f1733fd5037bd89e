"""What the site knows of its own keeping: backups made and verified, troubles already told."""

from django.db import models
from django.utils import timezone


class Backup(models.Model):
    """A backup that began, or the verification of one; without an end, it was killed."""

    class Kind(models.TextChoices):
        BACKUP = "backup", "Sauvegarde"
        VERIFICATION = "verification", "Vérification d’une sauvegarde"

    kind = models.CharField("nature", max_length=15, choices=Kind)
    name = models.CharField("nom", max_length=200, blank=True)
    started_at = models.DateTimeField("commencée le", default=timezone.now)
    finished_at = models.DateTimeField("finie le", null=True, blank=True)
    # Replaced at its end: what a killed one leaves.
    error = models.TextField("erreur", blank=True, default="Elle a été interrompue.")

    class Meta:
        verbose_name = "sauvegarde"
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}"

    def end(self, error: str = "") -> None:
        """Keep that it ended: well, or with `error` (French)."""
        self.finished_at, self.error = timezone.now(), error
        self.save()


class Alert(models.Model):
    """A trouble that administrators were told of, and that lasts."""

    key = models.CharField("trouble", max_length=60, unique=True)
    words = models.TextField("ce qui a été dit")
    since = models.DateTimeField("depuis", default=timezone.now)

    class Meta:
        verbose_name = "alerte"
        ordering = ["since"]

    def __str__(self) -> str:
        return self.words
