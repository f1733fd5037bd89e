"""How a new person gets in: a link to choose their first password."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import send_mail
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import User


def invite(request: HttpRequest, user: User) -> None:
    """Send `user` a link, valid PASSWORD_RESET_TIMEOUT seconds, to choose a password.

    `request` gives the site's address. Raises what the e-mail backend raises
    (OSError, of which SMTPException is one) when the message cannot be sent.
    """
    link = reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(user),
            "key": default_token_generator.make_token(user),
        },
    )
    message = render_to_string(
        "account/email/invitation_message.txt",
        {
            "user": user,
            "password_url": request.build_absolute_uri(link),
            "login_url": request.build_absolute_uri(reverse("account_login")),
            "site_name": settings.SITE_NAME,
            "site_tagline": settings.SITE_TAGLINE,
        },
    )
    send_mail("Votre accès aux conventions ENT-École", message, None, [user.email])
