"""An invitation: who may open an account, for whom, until when, and what became of it."""

import datetime
from typing import TypeAlias

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import models
from django.db.models import Case, Q, Value, When
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from communes.models import Collectivity, Department
from outbox.models import Email

VALID_FOR = datetime.timedelta(days=30)
_signer = Signer(salt="accounts.invitation")
_PENDING = Q(accepted_at__isnull=True, withdrawn_at__isnull=True)
_ALREADY_INVITED = "Une invitation attend déjà à cette adresse : envoyez-la de nouveau."


class InvitationState(models.TextChoices):
    WAITING = "waiting", "en attente"
    OPENED = "opened", "ouverte"
    ACCEPTED = "accepted", "acceptée"
    EXPIRED = "expired", "expirée"
    WITHDRAWN = "withdrawn", "retirée"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def pending(self) -> "InvitationQuerySet":
        """Those that may be sent again or withdrawn: the expired ones too."""
        return self.filter(_PENDING)

    def with_state(self) -> "InvitationQuerySet":
        """Annotate `state`, so that a list filters and sorts on it."""
        rules = [
            When(withdrawn_at__isnull=False, then=Value(InvitationState.WITHDRAWN.value)),
            When(accepted_at__isnull=False, then=Value(InvitationState.ACCEPTED.value)),
            When(expires_at__lte=timezone.now(), then=Value(InvitationState.EXPIRED.value)),
            When(opened_at__isnull=False, then=Value(InvitationState.OPENED.value)),
        ]
        waiting = Value(InvitationState.WAITING.value)
        return self.annotate(
            current_state=Case(*rules, default=waiting, output_field=models.CharField())
        )

    def by_token(self, token: str) -> "Invitation | None":
        """Return the invitation whose link holds `token`, or None."""
        try:
            key = _signer.unsign(token)
        except BadSignature:
            return None
        return self.filter(pk=key).select_related("collectivity__department").first()


class Invitation(models.Model):
    """Facts; the state is derived of them. `accounts.invitations.inviting` has the verbs."""

    State: TypeAlias = InvitationState

    email = models.EmailField("adresse électronique")
    role = models.CharField("rôle", max_length=15, choices=Role, default=Role.TOWN_HALL)
    collectivity = models.ForeignKey(
        Collectivity,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="invitations",
        verbose_name="collectivité",
        help_text="Pour une mairie.",
    )
    departments = models.ManyToManyField(
        Department,
        blank=True,
        related_name="+",
        verbose_name="départements",
        help_text="Pour le rectorat : laissez vide pour toute la région.",
    )
    is_manager = models.BooleanField(
        "gestionnaire des accès",
        default=False,
        help_text="Pour une mairie : invitera et retirera ses collègues.",
    )
    is_shared = models.BooleanField(
        "boîte partagée par le service",
        default=False,
        help_text="Pour une mairie : chacun y donnera son nom à chaque connexion.",
    )
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name="invité par",
    )
    invited_by_name = models.CharField("invité par", max_length=200, editable=False)
    sent_at = models.DateTimeField("envoyée le", default=timezone.now, editable=False)
    expires_at = models.DateTimeField("valable jusqu'au", editable=False)
    opened_at = models.DateTimeField("ouverte le", null=True, editable=False)
    accepted_at = models.DateTimeField("acceptée le", null=True, editable=False)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="invitations",
        verbose_name="compte",
    )
    withdrawn_at = models.DateTimeField("retirée le", null=True, editable=False)
    # The last time it was sent: what became of the e-mail.
    message = models.ForeignKey(
        Email, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = "invitation"
        ordering = ["-sent_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="invitation_collectivity_of_town_hall",
                condition=Q(role=Role.TOWN_HALL, collectivity__isnull=False)
                | (~Q(role=Role.TOWN_HALL) & Q(collectivity__isnull=True)),
                violation_error_message="Une mairie a une collectivité, et elle seule.",
            ),
            models.CheckConstraint(
                name="invitation_shared_manages_nobody",
                condition=Q(is_shared=False) | Q(is_manager=False),
                violation_error_message="Une boîte partagée ne gère pas les accès.",
            ),
            models.CheckConstraint(
                name="invitation_accepted_or_withdrawn",
                condition=Q(accepted_at__isnull=True) | Q(withdrawn_at__isnull=True),
                violation_error_message="Une invitation acceptée ne se retire plus.",
            ),
            models.UniqueConstraint(
                fields=["email", "collectivity"],
                condition=_PENDING,
                name="invitation_one_pending",
                violation_error_message=_ALREADY_INVITED,
            ),
            # Two NULLs are not equal: agents have a constraint of their own.
            models.UniqueConstraint(
                fields=["email"],
                condition=_PENDING & Q(collectivity__isnull=True),
                name="invitation_one_pending_of_agent",
                violation_error_message=_ALREADY_INVITED,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} ({self.collectivity or self.get_role_display()})"

    @property
    def state(self) -> InvitationState:
        if self.withdrawn_at:
            return InvitationState.WITHDRAWN
        if self.accepted_at:
            return InvitationState.ACCEPTED
        if self.expires_at <= timezone.now():
            return InvitationState.EXPIRED
        return InvitationState.OPENED if self.opened_at else InvitationState.WAITING

    @property
    def is_pending(self) -> bool:
        return self.accepted_at is None and self.withdrawn_at is None

    @property
    def path(self) -> str:
        """Where its link leads. Nothing of it is stored: only this site can make it."""
        return reverse("invitation", args=[_signer.sign(str(self.pk))])
