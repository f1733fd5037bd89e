"""How a new person gets in: a link to choose their first password."""

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.urls import reverse

from .models import User


def invite(request, user: User) -> None:
    """Send `user` a link, valid PASSWORD_RESET_TIMEOUT seconds, to choose a password.

    `request` gives the site's address. Raises what the e-mail backend raises
    (OSError, of which SMTPException is one) when the message cannot be sent.
    """
    adapter = get_adapter(request)
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    context = {
        "user": user,
        "password_reset_url": adapter.get_reset_password_from_key_url(key),
        "login_url": request.build_absolute_uri(reverse("account_login")),
    }
    adapter.send_mail("account/email/invitation", user.email, context)
