"""What the two sides of a file tell each other: messages, e-mails, a calendar."""

import secrets
from typing import TypeAlias

from django.conf import settings
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from documents.models import Document
from outbox.addresses import absolute
from outbox.models import Email

MESSAGE_LENGTH = 5000


class Side(models.TextChoices):
    TOWN_HALL = "town_hall", "collectivité"
    RECTORAT = "rectorat", "rectorat"


class Message(models.Model):
    """What one side wrote to the other, with the file attached to it."""

    Side: TypeAlias = Side

    class Subject(models.TextChoices):
        SCHOOLS = "schools", "les écoles"
        AMOUNT = "amount", "le montant"
        COLLECTIVITY = "collectivity", "la collectivité ou son représentant"
        OTHER = "other", "autre chose"

    convention = models.ForeignKey(
        "conventions.Convention",
        on_delete=models.PROTECT,
        related_name="messages",
        verbose_name="convention",
    )
    at = models.DateTimeField("le", auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="par",
    )
    by_name = models.CharField("auteur", max_length=200)
    side = models.CharField("côté", max_length=10, choices=Side)
    subject = models.CharField("sujet", max_length=15, choices=Subject)
    body = models.TextField("message", max_length=MESSAGE_LENGTH)
    attachment = models.ForeignKey(
        Document,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="pièce jointe",
    )

    # Of the town hall's, which an agent read and has nothing to answer to: the journal says who.
    no_answer_at = models.DateTimeField("sans réponse nécessaire, noté le", null=True, blank=True)

    class Meta:
        verbose_name = "message"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.by_name}, {self.get_subject_display()}"


class Notification(models.Model):
    """An e-mail about a file: which one, why, and to which side; its delivery is the e-mail's."""

    class Kind(models.TextChoices):
        SENT = "sent", "convention envoyée"
        CORRECTION_REQUESTED = "correction_requested", "correction demandée"
        MESSAGE = "message", "nouveau message"
        SIGNED_BY_OTHER = "signed_by_other", "signature de l'autre partie"
        REMINDER = "reminder", "relance"
        AMENDMENT_SENT = "amendment_sent", "avenant envoyé"
        AMENDMENT_SIGNED = "amendment_signed", "avenant signé par l'autre partie"
        AMENDMENT_ABANDONED = "amendment_abandoned", "avenant abandonné"
        TERMINATION = "termination", "résiliation"
        ABANDONED = "abandoned", "dossier abandonné"
        IN_YOUR_PLACE = "in_your_place", "fait à la place de la collectivité"

    convention = models.ForeignKey(
        "conventions.Convention",
        on_delete=models.PROTECT,
        related_name="notifications",
        verbose_name="convention",
    )
    kind = models.CharField("nature", max_length=25, choices=Kind)
    side = models.CharField("adressé à", max_length=10, choices=Side)
    email = models.OneToOneField(
        Email, on_delete=models.PROTECT, related_name="notification", verbose_name="courriel"
    )

    class Meta:
        verbose_name = "courriel d'un dossier"
        verbose_name_plural = "courriels des dossiers"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return str(self.email)


def _new_token() -> str:
    return secrets.token_urlsafe(32)


class CalendarSubscriptionQuerySet(models.QuerySet["CalendarSubscription"]):
    def live(self) -> "CalendarSubscriptionQuerySet":
        """Addresses that answer: not revoked, of people who may still sign in.

        One given before the rights of its person changed answers no more.
        """
        return self.filter(
            revoked_at__isnull=True,
            user__is_active=True,
            created_at__gte=models.F("user__rights_since"),
        )


class CalendarSubscription(models.Model):
    """A town hall's deadlines as a calendar, at a secret address that can be revoked."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="calendars",
        verbose_name="personne",
    )
    token = models.CharField(max_length=64, unique=True, default=_new_token, editable=False)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    revoked_at = models.DateTimeField("révoqué le", null=True, blank=True)

    objects = CalendarSubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = "calendrier"
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(revoked_at__isnull=True),
                name="calendar_one_address_a_person",
                violation_error_message="Cette personne a déjà une adresse de calendrier.",
            )
        ]

    def __str__(self) -> str:
        return f"Calendrier de {self.user}"

    @classmethod
    def renew(cls, user: User) -> "CalendarSubscription":
        """Give `user` a new address; the one they had, if any, stops answering."""
        with transaction.atomic():
            cls.revoke(user)
            return cls.objects.create(user=user)

    @classmethod
    def revoke(cls, user: User) -> None:
        """Make the address of `user` stop answering."""
        cls.objects.filter(user=user, revoked_at__isnull=True).update(revoked_at=timezone.now())

    @property
    def url(self) -> str:
        return absolute(reverse("calendar_file", args=[self.token]))
