"""What is kept of lists: reports of imports for a year, views and columns as people left them."""

import datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
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


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def for_user(self, user: Any) -> "SavedViewQuerySet":
        """Leave what `user` (an account) may open: their own views, and those that are shared."""
        return self.filter(Q(by=user) | Q(is_shared=True))


class SavedView(models.Model):
    """A list as somebody left it: its filters, its search, its order."""

    # As `KeptList.of` has it: "conventions_convention".
    of = models.CharField("liste", max_length=60)
    name = models.CharField("nom de la vue", max_length=60)
    query = models.CharField("filtres", max_length=2000, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="saved_views",
        verbose_name="enregistrée par",
    )
    is_shared = models.BooleanField("montrée à tous les agents", default=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = "vue enregistrée"
        verbose_name_plural = "vues enregistrées"
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["by", "of", "name"],
                name="saved_view_named_once",
                violation_error_message="Vous avez déjà une vue de ce nom.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class ChosenColumns(models.Model):
    """The columns that somebody wants in a list, in the list's own order."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    of = models.CharField("liste", max_length=60)
    names = models.JSONField("colonnes", default=list)

    class Meta:
        verbose_name = "colonnes choisies"
        verbose_name_plural = "colonnes choisies"
        ordering = ["user", "of"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "of"],
                name="chosen_columns_once",
                violation_error_message="Ces colonnes sont déjà choisies.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} : {', '.join(self.names)}"
