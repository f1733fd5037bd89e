"""A collectivity's list of who has access, confirmed by one of them."""

from django.conf import settings
from django.db import models

from communes.models import Collectivity


class AccessReview(models.Model):
    """Who said, and when, that the list was right (and the representative, when asked)."""

    collectivity = models.ForeignKey(
        Collectivity,
        on_delete=models.PROTECT,
        related_name="access_reviews",
        verbose_name="collectivité",
    )
    at = models.DateTimeField("le", auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="par"
    )
    by_name = models.CharField("auteur", max_length=200)

    class Meta:
        verbose_name = "liste des accès confirmée"
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.collectivity}, le {self.at:%d/%m/%Y}"
