"""Where the link of an invitation leads: a page to read, and a click that accepts."""

from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from accounts.invitations import inviting
from accounts.invitations.forms import AcceptanceForm
from accounts.invitations.models import Invitation, InvitationState
from accounts.models import User


@method_decorator([login_not_required, never_cache], name="dispatch")
class InvitationPage(FormView):
    """Say who invites, for what; (POST) accept. A mail scanner that follows the link uses up nothing."""

    form_class = AcceptanceForm
    template_name = "account/invitation.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.invitation = Invitation.objects.by_token(kwargs["token"])
        self.is_open = self.invitation is not None and self.invitation.state in (
            InvitationState.WAITING,
            InvitationState.OPENED,
        )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.invitation and self.is_open:
            inviting.note_opened(self.invitation)
        response: HttpResponse = super().get(request, *args, **kwargs)
        response.status_code = 200 if self.is_open else 410
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.invitation or not self.is_open:
            return self.get(request, *args, **kwargs)
        if self._account():
            return self._accept(self.invitation, {})
        form = self.get_form()
        if not form.is_valid():
            response: HttpResponse = self.form_invalid(form)
            return response
        return self._accept(self.invitation, form.cleaned_data)

    def get_form_kwargs(self) -> dict[str, Any]:
        is_shared = self.invitation is not None and self.invitation.is_shared
        return {**super().get_form_kwargs(), "is_shared": is_shared}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            invitation=self.invitation,
            is_open=self.is_open,
            account=self._account(),
            refusal=kwargs.pop("refusal", ""),
            **kwargs,
        )

    def _account(self) -> User | None:
        """Return the account that the address has already."""
        if self.invitation is None:
            return None
        return User.objects.filter(email=self.invitation.email).first()

    def _accept(self, invitation: Invitation, names: dict[str, str]) -> HttpResponse:
        """Open the account, and sign in: whoever has the link reads the mailbox, as with a code."""
        try:
            user = inviting.accept(invitation, **names)
        except ValidationError as refusal:
            context = self.get_context_data(refusal=" ".join(refusal.messages))
            return self.render_to_response(context, status=409)
        if self.request.user.is_authenticated and self.request.user.pk != user.pk:
            logout(self.request)
        record_authentication(self.request, user, method="invitation")
        response: HttpResponse = perform_login(self.request, Login(user=user))
        return response
