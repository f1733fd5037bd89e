"""Sign-in, as django-allauth asks of us: closed accounts, our words, e-mails by the outbox."""

import datetime
import logging
from functools import cache
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.internal.httpkit import clean_client_ip
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts import factor, journal, limits
from accounts.models import User
from outbox.posting import post

logger = logging.getLogger(__name__)

# What allauth would write to an address that no account has.
UNKNOWN = "account/email/unknown_account"
_LOGIN_CODE = "account/email/login_code"
# How long what an e-mail brings is good for, in seconds.
_USEFUL_FOR = {
    _LOGIN_CODE: settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT,
    "account/email/password_reset_key": settings.PASSWORD_RESET_TIMEOUT,
}
# What changed of the ways in, as its owner and the journal are told at once.
_CHANGES = {
    "account/email/password_changed": "Mot de passe changé",
    "account/email/password_reset": "Mot de passe choisi de nouveau, par le lien d’un courriel",
    "account/email/password_set": "Mot de passe choisi",
    "mfa/email/totp_activated": "Application de codes ajoutée",
    "mfa/email/totp_deactivated": "Application de codes retirée",
    "mfa/email/webauthn_added": "Clé d’accès ajoutée",
    "mfa/email/webauthn_removed": "Clé d’accès retirée",
    "mfa/email/recovery_codes_generated": "Nouveaux codes de secours",
}
_WAYS_IN = {
    "password": "par mot de passe",
    "code": "par code reçu",
    "invitation": "par invitation",
    "link": "par le lien d’un courriel, pour un seul dossier",
    "proconnect": "par ProConnect",
    "demonstration": "en un clic",
}


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "L’adresse électronique ou le mot de passe ne sont pas les bons.",
        "enter_current_password": "Ce n’est pas votre mot de passe actuel.",
        "incorrect_code": "Ce code n’est pas le bon. Vérifiez-le, ou demandez-en un nouveau.",
        "incorrect_password": "Ce n’est pas votre mot de passe.",
        "rate_limited": "Trop de demandes en peu de temps. Attendez quelques minutes, puis réessayez.",
        "too_many_login_attempts": (
            "Trop de tentatives. Attendez quelques minutes, puis réessayez."
        ),
    }
    attempt: limits.Attempt

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are opened by invitation, never by a visitor."""
        return False

    # --- E-mails --------------------------------------------------------------
    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Leave an e-mail to the outbox; for an unknown address do the same work, for nobody."""
        recipients = [email]
        if template_prefix == UNKNOWN:
            recipients, template_prefix = [], _LOGIN_CODE
            context = context | {"code": self.generate_login_code()}
        signature = {"site_name": settings.SITE_NAME, "site_tagline": settings.SITE_TAGLINE}
        message = self.render_mail(template_prefix, email, signature | context)
        post(
            recipients,
            subject=message.subject,
            body=str(message.body),
            by=None,
            is_secret=True,
            useless_from=timezone.now() + datetime.timedelta(seconds=_USEFUL_FOR[template_prefix]),
        )

    def send_notification_mail(
        self,
        template_prefix: str,
        user: Any,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell the owner of an account, and the journal, that a way in was changed."""
        change = _CHANGES[template_prefix]
        journal.note(journal.Kind.FACTOR, change, person=user, by=user)
        tell_of_change(user, change)

    # --- Networks ---------------------------------------------------------------
    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the visitor's address: the first that was forwarded, of fewer than there should be.

        allauth would raise ImproperlyConfigured. A proxy was gone round: the one that was not
        said whom it saw.
        """
        try:
            address: str = super().get_client_ip(request)
        except ImproperlyConfigured:
            forwarded = request.headers["X-Forwarded-For"].split(",")
            _tell_of_proxies(len(forwarded))
            address = clean_client_ip(forwarded[0]) or request.META.get("REMOTE_ADDR", "")
        return address

    # --- Passwords --------------------------------------------------------------
    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt. Raises ValidationError when it comes too soon after failures."""
        self.attempt = limits.begin(request, credentials.get("email", ""))

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user:
            self.attempt.succeed()
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        note_failure(credentials.get("email", ""), "Mot de passe refusé")

    def reauthenticate(self, user: Any, password: str) -> bool:
        found = self.authenticate(self.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    # --- In, and what was proved ------------------------------------------------
    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        """Stop who was deactivated, and a code sent to an address that is theirs no more."""
        email = kwargs["email"]
        if email and email.lower() != user.email:
            return self.respond_user_inactive(request, user)
        if is_closed_to(request, user):
            messages.error(request, "Les agents de l’État se connectent par ProConnect seulement.")
            return redirect("account_login")
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return response

    def get_login_stages(self) -> list[str]:
        ours = {
            "allauth.mfa.stages.AuthenticateStage": "accounts.second_factor.adapter.FactorStage"
        }
        return [ours.get(stage, stage) for stage in super().get_login_stages()]

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """Journal who came in and how; know the browser again; hurry who has no factor yet."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        limits.remember_browser(request, response, user)
        records = get_authentication_records(request, user)
        ways = [_WAYS_IN.get(record["method"], "avec un second facteur") for record in records]
        journal.note(
            journal.Kind.SIGN_IN, f"Connexion {' '.join(ways)}".strip(), person=user, by=user
        )
        factor.hurry(request, user)
        return response

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask who has a factor to prove it anew after a while; see `accounts.factor`."""
        return not factor.is_fresh(self.request)

    def get_reauthentication_methods(
        self, user: AbstractBaseUser | AnonymousUser
    ) -> list[dict[str, str]]:
        """The factors that a person has, never the password: that is what they vouch for."""
        return [
            {"id": name, "description": label, "url": reverse(name)}
            for name, label in factor.ways_to_prove(user)
        ]


@cache
def _tell_of_proxies(count: int) -> None:
    """Log, once for each count, that requests come by fewer proxies than the settings say."""
    logger.error(
        "X-Forwarded-For names %d addresses, TRUSTED_PROXY_COUNT is %d: the first is taken.",
        count,
        settings.ALLAUTH_TRUSTED_PROXY_COUNT,
    )


def is_closed_to(request: HttpRequest, user: User) -> bool:
    """Tell whether an agent came in otherwise than by ProConnect, where it is their only way."""
    if not settings.PROCONNECT_ONLY_FOR_AGENTS or not user.is_agent:
        return False
    records = get_authentication_records(request, user)
    return all(record["method"] != "proconnect" for record in records)


def tell_of_change(user: User, change: str) -> None:
    """Write to the owner of an account what was changed of the ways into it (French)."""
    context = {
        "change": change,
        "at": timezone.now(),
        "network": journal.network(),
        "site_name": settings.SITE_NAME,
        "site_tagline": settings.SITE_TAGLINE,
    }
    body = render_to_string("account/email/security_message.txt", context)
    post([user.email], subject="Sécurité de votre compte", body=body.strip() + "\n", by=None)


def note_failure(email: str, what: str) -> None:
    """Journal a failure at the door, of an account or of an address that none has."""
    user = User.objects.filter(email=email.strip().lower()).first()
    journal.note(journal.Kind.FAILURE, what, person=user, address=email)
