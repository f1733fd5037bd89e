"""Sign-in, with the demonstration accounts at hand where there are any."""

from typing import Any

from allauth.account.views import LoginView as AllauthLoginView
from django.conf import settings

from accounts.demonstration import DEMONSTRATION_ACCOUNTS, DEMONSTRATION_PASSWORD


class LoginView(AllauthLoginView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        accounts = DEMONSTRATION_ACCOUNTS if settings.DEMONSTRATION else ()
        context["demonstration_accounts"] = accounts
        context["demonstration_password"] = DEMONSTRATION_PASSWORD if accounts else ""
        return context
