"""E-mails about a file: stored first, sent after commit, visible with their state."""

from django.conf import settings
from django.db import models


class Notification(models.Model):
    class Kind(models.TextChoices):
        SENT = "sent", "convention envoyée"
        CORRECTION_REQUESTED = "correction_requested", "correction demandée"
        MESSAGE = "message", "nouveau message"
        SIGNED_BY_OTHER = "signed_by_other", "signature de l'autre partie"
        REMINDER = "reminder", "relance"
        AMENDMENT_SENT = "amendment_sent", "avenant envoyé"
        TERMINATION = "termination", "résiliation"

    class State(models.TextChoices):
        QUEUED = "queued", "à envoyer"
        SENT = "sent", "envoyé"
        FAILED = "failed", "échec"
        NO_RECIPIENT = "no_recipient", "aucune adresse"

    convention = models.ForeignKey(
        "conventions.Convention",
        on_delete=models.PROTECT,
        related_name="notifications",
        verbose_name="convention",
    )
    kind = models.CharField("nature", max_length=25, choices=Kind)
    recipients = models.JSONField("destinataires", default=list)
    subject = models.CharField("objet", max_length=200)
    body = models.TextField("texte")
    html = models.TextField("texte mis en forme", blank=True)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="demandé par",
    )
    state = models.CharField("état", max_length=15, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField("essais", default=0)
    next_attempt_at = models.DateTimeField("prochain essai", null=True, blank=True)
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True)
    error = models.TextField("erreur", blank=True)

    class Meta:
        verbose_name = "courriel"
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["state", "next_attempt_at"])]

    def __str__(self):
        return f"{self.subject} ({self.get_state_display()})"
