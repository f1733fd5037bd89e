"""A town hall's deadlines as a calendar, at a secret address that can be revoked."""

import secrets

from django.conf import settings
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone

from conventions.notifications import absolute


def _new_token() -> str:
    return secrets.token_urlsafe(32)


class CalendarSubscriptionQuerySet(models.QuerySet):
    def live(self):
        """Addresses that answer: not revoked, of people who may still sign in."""
        return self.filter(revoked_at__isnull=True, user__is_active=True)


class CalendarSubscription(models.Model):
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

    def __str__(self):
        return f"Calendrier de {self.user}"

    @classmethod
    def renew(cls, user) -> "CalendarSubscription":
        """Give `user` a new address; the one they had, if any, stops answering."""
        with transaction.atomic():
            cls.revoke(user)
            return cls.objects.create(user=user)

    @classmethod
    def revoke(cls, user) -> None:
        """Make the address of `user` stop answering."""
        cls.objects.filter(user=user, revoked_at__isnull=True).update(revoked_at=timezone.now())

    @property
    def url(self) -> str:
        return absolute(reverse("calendar_file", args=[self.token]))
