"""Sign-in by password or by a code: what allauth leaves to say, to count and to even out."""

from typing import Any

from allauth.account import views as allauth_views
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.account.utils import get_next_redirect_url
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from accounts.adapter import UNKNOWN, note_failure
from accounts.demonstration import DEMONSTRATION_ACCOUNTS, DEMONSTRATION_PASSWORD
from accounts.forms import refuse_too_many_messages
from accounts.models import User

# Where a session says that its person is to be signed out too.
SIGN_OUT_ELSEWHERE = "sign_out_elsewhere"


class LoginView(allauth_views.LoginView):
    """The door, with the demonstration accounts at hand where there are any."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        accounts = DEMONSTRATION_ACCOUNTS if settings.DEMONSTRATION else ()
        context["demonstration_accounts"] = accounts
        context["demonstration_password"] = DEMONSTRATION_PASSWORD if accounts else ""
        context["proconnect_is_there"] = bool(settings.PROCONNECT_DISCOVERY_URL)
        context["only_proconnect_for_agents"] = settings.PROCONNECT_ONLY_FOR_AGENTS
        return context


@require_POST
@login_not_required
def sign_in_to_demonstration(request: HttpRequest) -> HttpResponse:
    """Sign in to an account of the demonstration, in one click."""
    emails = {account.email for account in DEMONSTRATION_ACCOUNTS}
    if not settings.DEMONSTRATION or request.POST.get("email") not in emails:
        raise Http404
    user = get_object_or_404(User, email=request.POST["email"])
    record_authentication(request, user, method="demonstration")
    login = Login(user=user, redirect_url=get_next_redirect_url(request))
    response: HttpResponse = perform_login(request, login)
    return response


class LogoutView(allauth_views.LogoutView):
    """Sign out; whom another site let in, of that one too.

    By a page that goes there rather than by a redirection: the policy on forms would hold for
    every host on the way, and those behind ProConnect are not ours to list.
    """

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        elsewhere: str = request.session.get(SIGN_OUT_ELSEWHERE, "")
        response: HttpResponse = super().post(request, *args, **kwargs)
        if not elsewhere:
            return response
        page = render(request, "account/signed_out.html", {"elsewhere": elsewhere})
        page.headers["Refresh"] = f"0; url={elsewhere}"
        return page


class ConfirmLoginCodeView(allauth_views.ConfirmLoginCodeView):
    """The page of the code. What it does is the same whether anybody received one or not."""

    def form_valid(self, form: Any) -> HttpResponse:
        email = self._process.state["email"]
        if self._action == "resend":
            try:
                refuse_too_many_messages(email)
            except ValidationError as refusal:
                get_adapter().add_message(self.request, messages.ERROR, message=refusal.message)
                return redirect("account_confirm_login_code")
            if self._process.user is None:
                get_adapter().send_mail(UNKNOWN, email, {})
        response: HttpResponse = super().form_valid(form)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        note_failure(self._process.state["email"], "Code refusé")
        response: HttpResponse = super().form_invalid(form)
        return response
