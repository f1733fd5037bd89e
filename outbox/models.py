"""E-mails, whoever they are about: stored first, sent after commit, visible with their state."""

import datetime
from typing import Any, TypeAlias

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

# After a failure, or after a worker was killed while it held the e-mail.
RETRY_DELAYS = (
    datetime.timedelta(minutes=5),
    datetime.timedelta(minutes=20),
    datetime.timedelta(hours=1),
    datetime.timedelta(hours=4),
    datetime.timedelta(hours=12),
)
MAX_ATTEMPTS = len(RETRY_DELAYS)


class Delivery(models.TextChoices):
    QUEUED = "queued", "à envoyer"
    SENT = "sent", "envoyé"
    FAILED = "failed", "échec"
    NO_RECIPIENT = "no_recipient", "aucune adresse"


class EmailQuerySet(models.QuerySet["Email"]):
    def due(self) -> "EmailQuerySet":
        """To be sent now: first what is of use for a short time only, then the oldest."""
        return self.filter(
            Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=timezone.now()),
            state=Delivery.QUEUED,
            attempts__lt=MAX_ATTEMPTS,
        ).order_by(F("useless_from").asc(nulls_last=True), "pk")

    def give_up_exhausted(self) -> None:
        """Mark as failed what was claimed for the last time by a worker that then died."""
        self.filter(
            state=Delivery.QUEUED,
            attempts__gte=MAX_ATTEMPTS,
            next_attempt_at__lte=timezone.now(),
        )._give_up("Le travail de fond s'est arrêté pendant le dernier essai.")

    def give_up_useless(self) -> None:
        """Mark as failed what would come too late: a code or a link that serves no more."""
        self.filter(state=Delivery.QUEUED, useless_from__lte=timezone.now())._give_up(
            "Ce courriel n'a pas pu partir à temps."
        )

    def _give_up(self, error: str) -> None:
        self.filter(is_secret=True).update(body="", html="")
        self.update(state=Delivery.FAILED, error=error, next_attempt_at=None)


class Email(models.Model):
    """One message to all its recipients, kept with what became of it."""

    State: TypeAlias = Delivery

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
    state = models.CharField("état", max_length=15, choices=Delivery, default=Delivery.QUEUED)
    attempts = models.PositiveSmallIntegerField("essais", default=0)
    next_attempt_at = models.DateTimeField("prochain essai", null=True, blank=True)
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True)
    error = models.TextField("erreur", blank=True)
    is_secret = models.BooleanField(
        "confidentiel",
        default=False,
        help_text="Contient un code ou un lien : son texte est effacé dès qu'il est parti.",
    )
    useless_from = models.DateTimeField("sans objet à partir de", null=True, blank=True)

    objects = EmailQuerySet.as_manager()

    class Meta:
        verbose_name = "courriel"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["state", "next_attempt_at"])]

    def __str__(self) -> str:
        return f"{self.subject} ({self.get_state_display()})"

    def claim(self) -> bool:
        """Take this e-mail for one attempt; False when another worker has just taken it.

        The attempt is counted and the next one dated in the same update, so an e-mail
        whose worker dies is due again by itself.
        """
        now = timezone.now()
        taken = Email.objects.filter(
            pk=self.pk, state=Delivery.QUEUED, attempts=self.attempts
        ).update(attempts=F("attempts") + 1, next_attempt_at=now + RETRY_DELAYS[self.attempts])
        if taken:
            self.attempts += 1
        return bool(taken)

    def note_sent(self) -> None:
        """Keep that the mail server took it."""
        self._note(
            state=Delivery.SENT,
            sent_at=timezone.now(),
            next_attempt_at=None,
            error="",
            **self._without_secret(),
        )

    def note_failure(self, error: str) -> None:
        """Keep why an attempt failed; the last one is final."""
        if self.attempts < MAX_ATTEMPTS:
            self._note(error=error)
        else:
            self._note(
                error=error,
                state=Delivery.FAILED,
                next_attempt_at=None,
                **self._without_secret(),
            )

    def queue_again(self, recipients: list[str]) -> bool:
        """Start over, to `recipients`; False unless it failed or had nobody to go to."""
        return bool(
            Email.objects.filter(
                pk=self.pk, state__in=(Delivery.FAILED, Delivery.NO_RECIPIENT)
            ).update(
                state=Delivery.QUEUED,
                recipients=recipients,
                attempts=0,
                next_attempt_at=None,
                error="",
            )
        )

    def _without_secret(self) -> dict[str, str]:
        """What is left of a text that opens a door, once it has nothing more to be read for."""
        return {"body": "", "html": ""} if self.is_secret else {}

    def _note(self, **values: Any) -> None:
        """Write what became of an attempt; what this worker no longer holds stays as it is."""
        Email.objects.filter(pk=self.pk, state=Delivery.QUEUED, attempts=self.attempts).update(
            **values
        )
