"""A person's factors: set up, shown, taken away, asked for. allauth's views in our pages."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import views as base_views
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as key_views
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.views.generic import TemplateView

from accounts import factor
from accounts.access import user_of
from accounts.adapter import note_failure

_SECURITY = reverse_lazy("mfa_index")


class Security(TemplateView):
    """What protects one's account; for an agent without a factor, the page that asks for one."""

    template_name = "mfa/index.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = user_of(self.request)
        found = list(Authenticator.objects.filter(user=user).order_by("pk"))
        by_type = {each.type: each for each in found}
        codes = by_type.get(Authenticator.Type.RECOVERY_CODES)
        return super().get_context_data(
            totp=by_type.get(Authenticator.Type.TOTP),
            keys=[each for each in found if each.type == Authenticator.Type.WEBAUTHN],
            codes_left=len(codes.wrap().get_unused_codes()) if codes else 0,
            has_factor=any(each.type in factor.OWN for each in found),
            must_enrol=factor.is_required_of(user) and not factor.is_proven(self.request),
            is_required=factor.is_required_of(user),
            **kwargs,
        )


class ActivateTotp(totp_views.ActivateTOTPView):
    """Show the secret, then (POST) keep it once a first code proves that it was taken."""

    success_url = _SECURITY

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        factor.record(self.request, user_of(self.request), Authenticator.Type.TOTP)
        return response


class AddKey(key_views.AddWebAuthnView):
    """Have the browser make a passkey, and (POST) keep it."""

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        factor.record(self.request, user_of(self.request), Authenticator.Type.WEBAUTHN)
        return response


class RemoveKey(key_views.RemoveWebAuthnView):
    success_url = _SECURITY

    def form_valid(self, form: Any) -> HttpResponse:
        adapter = get_adapter()
        if not adapter.can_delete_authenticator(self.get_object()):
            messages.error(self.request, adapter.error_messages["cannot_delete_authenticator"])
            return redirect(_SECURITY)
        response: HttpResponse = super().form_valid(form)
        return response


class Authenticate(base_views.AuthenticateView):
    """The second step of signing in."""

    def form_invalid(self, form: Any) -> HttpResponse:
        note_failure(self.stage.login.user.email, "Second facteur refusé")
        response: HttpResponse = super().form_invalid(form)
        return response


class Reauthenticate(base_views.ReauthenticateView):
    """Prove a factor anew, by a code, before something that weighs."""

    def form_invalid(self, form: Any) -> HttpResponse:
        note_failure(user_of(self.request).email, "Second facteur refusé")
        response: HttpResponse = super().form_invalid(form)
        return response


class ReauthenticateByKey(key_views.ReauthenticateWebAuthnView):
    """The same, by a passkey."""

    def form_invalid(self, form: Any) -> HttpResponse:
        note_failure(user_of(self.request).email, "Second facteur refusé")
        messages.error(self.request, "La clé d’accès n’a pas été reconnue : recommencez.")
        return redirect(self.request.get_full_path())
