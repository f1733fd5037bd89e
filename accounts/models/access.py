"""Who came in, failed to, was let in or out, took a list away: searched, never edited."""

import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone

KEPT = datetime.timedelta(days=365)


def _a_year_on() -> datetime.date:
    return timezone.localdate() + KEPT


class AccessEntry(models.Model):
    """One line of the journal of access. `accounts.journal.note` writes them."""

    # Read by lifecycle.triggers: the database refuses changes, until the year is over.
    frozen_message = "Le journal des accès ne se modifie pas."
    frozen_when = "OLD.kept_until >= CURRENT_DATE"

    class Kind(models.TextChoices):
        SIGN_IN = "sign_in", "connexion"
        FAILURE = "failure", "échec de connexion"
        FACTOR = "factor", "second facteur"
        INVITATION = "invitation", "invitation"
        RIGHTS = "rights", "droits"
        SESSION = "session", "session terminée"
        PROCONNECT = "proconnect", "identité ProConnect"
        REVIEW = "review", "liste des accès confirmée"
        SUPPORT = "support", "consultation comme une collectivité"
        EXPORT = "export", "export"
        DOWNLOAD = "download", "téléchargement en nombre"

    at = models.DateTimeField("le", auto_now_add=True, db_index=True)
    kind = models.CharField("nature", max_length=15, choices=Kind)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="access_entries",
        verbose_name="compte",
    )
    # An address that no account has is hashed: it may be a password typed in the wrong field.
    subject = models.CharField("à propos de", max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="par",
    )
    by_name = models.CharField("auteur", max_length=200)
    network = models.GenericIPAddressField("adresse du réseau", null=True)
    detail = models.CharField("ce qui s'est passé", max_length=500)
    kept_until = models.DateField("gardé jusqu'au", default=_a_year_on)

    class Meta:
        verbose_name = "entrée du journal des accès"
        verbose_name_plural = "entrées du journal des accès"
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y %H:%M} — {self.detail}"
