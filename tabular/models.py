"""Imports that were made: the report of each, kept for a year and opened again."""

import datetime

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

KEPT = datetime.timedelta(days=365)


class ImportReport(models.Model):
    """What became of a file that somebody imported from a list of the admin site."""

    # The list, as "schools.school".
    of = models.CharField("liste", max_length=80)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="importé par",
    )
    file_name = models.CharField("fichier", max_length=200, blank=True)
    done_at = models.DateTimeField("importé le", auto_now_add=True)
    # As it was said (tabular/saying.py).
    content = models.JSONField("compte rendu", encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = "compte rendu d'import"
        verbose_name_plural = "comptes rendus d'imports"
        ordering = ["-done_at", "-pk"]
        indexes = [models.Index(fields=["of", "done_at"])]

    def __str__(self) -> str:
        moment = timezone.localtime(self.done_at)
        return f"{self.file_name or 'Fichier'}, le {moment:%d/%m/%Y à %H:%M}"


def forget_old() -> int:
    """Delete the reports of more than a year: they hold addresses. Return how many."""
    count, _ = ImportReport.objects.filter(done_at__lt=timezone.now() - KEPT).delete()
    return count
