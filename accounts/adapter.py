"""Sign-in, as django-allauth asks of us: closed accounts, our words, our e-mails."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class ClosedSignupAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "L’adresse électronique ou le mot de passe ne sont pas les bons.",
        "enter_current_password": "Ce n’est pas votre mot de passe actuel.",
        "incorrect_code": "Ce code n’est pas le bon. Vérifiez-le, ou demandez-en un nouveau.",
        "rate_limited": "Trop de demandes en peu de temps. Attendez quelques minutes, puis réessayez.",
        "too_many_login_attempts": (
            "Trop de tentatives. Attendez quelques minutes, ou choisissez un nouveau mot de passe."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are opened by the rectorat, never by a visitor."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Sign every e-mail with the name of the site rather than its domain."""
        signature = {"site_name": settings.SITE_NAME, "site_tagline": settings.SITE_TAGLINE}
        super().send_mail(template_prefix, email, signature | context)
