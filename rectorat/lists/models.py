"""What agents make of the lists: whose file it is, views they keep, columns they chose."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import User
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


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def for_user(self, user: User) -> "SavedViewQuerySet":
        """Leave what `user` may open: their own views, and those that are shared."""
        return self.filter(Q(by=user) | Q(is_shared=True))


class SavedView(models.Model):
    """A list as an agent left it: its filters, its search, its order."""

    # As in the names of its pages: "conventions_convention".
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
    """The columns that an agent wants in a list, in the list's own order."""

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
