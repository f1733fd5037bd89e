"""What people type at the door, and about themselves."""

from allauth.account import forms as allauth_forms
from allauth.core import context, ratelimit
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from accounts import limits
from accounts.acting import NAME_LENGTH
from accounts.models import User


def refuse_too_many_messages(email: str) -> None:
    """Count a message to `email`. Raises ValidationError beyond `settings.ACCOUNT_RATE_LIMITS`.

    Whether there is such an account or not: by who asks, then by address for all who ask.
    """
    key = limits.message_key(context.request, email)
    if not (
        ratelimit.consume(context.request, action="messages_asked", key=key)
        and ratelimit.consume(context.request, action="messages_received", key=email.lower())
    ):
        raise ValidationError(
            "Trop de courriels ont été demandés pour cette adresse. Regardez dans votre messagerie "
            "et ses courriers indésirables, ou réessayez demain."
        )


def closed_to_agents(users: list[User]) -> list[User]:
    """Return those who may be sent a code or a link: no agent, where ProConnect is their only way."""
    if not settings.PROCONNECT_ONLY_FOR_AGENTS:
        return users
    return [user for user in users if not user.is_agent]


class RequestLoginCodeForm(allauth_forms.RequestLoginCodeForm):
    _user: User | None  # Set by allauth.

    def clean_email(self) -> str:
        email: str = super().clean_email()
        refuse_too_many_messages(email)
        self._user = next(iter(closed_to_agents([self._user] if self._user else [])), None)
        return email


class ResetPasswordForm(allauth_forms.ResetPasswordForm):
    users: list[User]  # Set by allauth.

    def clean_email(self) -> str:
        email: str = super().clean_email()
        refuse_too_many_messages(email)
        self.users = closed_to_agents(self.users)
        return email


class PersonNameForm(forms.Form):
    """Who uses a mailbox that a whole service shares."""

    name = forms.CharField(
        label="Vos prénom et nom",
        max_length=NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
