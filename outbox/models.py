"""E-mails, whoever they are about: stored first, sent after commit, visible with their state."""

import datetime
import hashlib
import secrets
from typing import Any, TypeAlias

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from outbox.addresses import absolute

# After a failure, or after a worker was killed while it held the e-mail.
RETRY_DELAYS = (
    datetime.timedelta(minutes=5),
    datetime.timedelta(minutes=20),
    datetime.timedelta(hours=1),
    datetime.timedelta(hours=4),
    datetime.timedelta(hours=12),
)
MAX_ATTEMPTS = len(RETRY_DELAYS)
# How long a personal link opens what its e-mail is about.
LINK_LASTS = datetime.timedelta(days=14)


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
    # Stands in the text as it is kept. Whoever receives it finds a link of their own there,
    # made as it is sent: none is ever stored, so none can be read here.
    opens = models.URLField("page que le courriel ouvre", blank=True, editable=False)

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

    def still_to_reach(self) -> list[str]:
        """Return the recipients to whom an attempt has not yet sent their own message."""
        reached = set(self.links.filter(sent_at__isnull=False).values_list("recipient", flat=True))
        return [recipient for recipient in self.recipients if recipient not in reached]

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


class PersonalLink(models.Model):
    """The link of one e-mail to one of its recipients: serves once, for a while.

    Its token goes out with the e-mail; a digest is all that stays.
    """

    email = models.ForeignKey(
        Email, on_delete=models.CASCADE, related_name="links", verbose_name="courriel"
    )
    recipient = models.EmailField("destinataire")
    digest = models.CharField("empreinte", max_length=64, unique=True)
    made_at = models.DateTimeField("créé le", default=timezone.now)
    sent_at = models.DateTimeField("envoyé le", null=True)
    used_at = models.DateTimeField("utilisé le", null=True)

    class Meta:
        verbose_name = "lien personnel"
        verbose_name_plural = "liens personnels"

    def __str__(self) -> str:
        return f"{self.recipient}, {self.made_at:%d/%m/%Y}"

    @classmethod
    def make(cls, email: Email, recipient: str) -> tuple["PersonalLink", str]:
        """Return a new link and the only copy of its address."""
        token = secrets.token_urlsafe(32)
        link = cls.objects.create(email=email, recipient=recipient, digest=_digest(token))
        return link, absolute(reverse("file_link", args=[token]))

    @classmethod
    def of(cls, token: str) -> "PersonalLink | None":
        """Return the link whose address holds `token`, or None."""
        return cls.objects.filter(digest=_digest(token)).first()

    @property
    def is_expired(self) -> bool:
        return self.made_at + LINK_LASTS <= timezone.now()

    def note_sent(self) -> None:
        """Keep that the mail server took it: a later attempt leaves this recipient alone."""
        self.sent_at = timezone.now()
        self.save(update_fields=["sent_at"])

    def use(self) -> bool:
        """Use it up; False when it was used meanwhile."""
        unused = PersonalLink.objects.filter(pk=self.pk, used_at__isnull=True)
        return bool(unused.update(used_at=timezone.now()))


def _digest(token: str) -> str:
    # A token is 256 bits of chance: nothing to slow down a guess for.
    return hashlib.sha256(token.encode()).hexdigest()
