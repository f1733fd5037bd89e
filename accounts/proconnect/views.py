"""The way in by ProConnect: there and back, let in or sent back, out of both sites."""

import json
from urllib.parse import urlencode

import requests
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.internal.flows.reauthentication import resume_request
from allauth.account.models import Login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from mozilla_django_oidc.views import OIDCAuthenticationRequestView

from accounts import factor, journal
from accounts.models import User
from accounts.proconnect.identity import Identity, Refused, identify
from accounts.proconnect.linking import NoAccount, account_of
from accounts.proconnect.provider import ProviderSettings, Unavailable, discover
from accounts.views.sign_in import SIGN_OUT_ELSEWHERE

# Kept in the session by mozilla-django-oidc.
_STATES, _NEXT = "oidc_states", "oidc_login_next"
_REFUSAL = "proconnect_refusal"
_DOWN = "ProConnect ne répond pas pour le moment."
_AGAIN = "La connexion par ProConnect n’a pas abouti."


class Departure(ProviderSettings, OIDCAuthenticationRequestView):
    """Send the person to ProConnect, with a state, a nonce and a challenge (PKCE)."""

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        """Have the ID token tell how the person proved who they are; anew if they are in."""
        params = {"claims": json.dumps({"id_token": {"amr": {"essential": True}}})}
        return params | ({"prompt": "login"} if request.user.is_authenticated else {})


@login_not_required
@require_GET
@never_cache
def depart(request: HttpRequest) -> HttpResponse:
    """Leave for ProConnect."""
    _only_where_there_is_one()
    request.session.pop(_REFUSAL, None)
    try:
        response: HttpResponse = Departure.as_view()(request)
    except Unavailable:
        return _failed(request, _DOWN, 503)
    return response


@login_not_required
@require_GET
@never_cache
def arrive(request: HttpRequest) -> HttpResponse:
    """Come back from ProConnect: signed in, or sent back with the reason."""
    _only_where_there_is_one()
    attempt = request.session.get(_STATES, {}).pop(request.GET.get("state", ""), None)
    request.session.modified = True
    if attempt is None or "code" not in request.GET:
        return _failed(request, _AGAIN, 400)
    try:
        identity = identify(
            request,
            code=request.GET["code"],
            nonce=attempt["nonce"],
            verifier=attempt["code_verifier"],
        )
    except Refused as refusal:
        journal.note(journal.Kind.FAILURE, f"ProConnect : réponse refusée ({refusal})")
        return _failed(request, _AGAIN, 400)
    except (requests.RequestException, Unavailable):
        return _failed(request, _DOWN, 503)
    try:
        user = account_of(identity)
    except NoAccount as refusal:
        return _send_back(request, identity, str(refusal))
    return _let_in(request, user, identity)


@login_not_required
@require_GET
@never_cache
def back(request: HttpRequest) -> HttpResponse:
    """Where ProConnect leads once it has ended its own session: the reason, or the front door."""
    if refusal := request.session.get(_REFUSAL):
        return render(request, "account/proconnect_refused.html", {"refusal": refusal}, status=403)
    return redirect("account_login")


def _let_in(request: HttpRequest, user: User, identity: Identity) -> HttpResponse:
    """Sign in; who was in already has proved anew who they are, and goes on."""
    wanted = request.session.pop(_NEXT, None) or ""
    is_proved_anew = request.user.is_authenticated and request.user.pk == user.pk
    if request.user.is_authenticated and not is_proved_anew:
        logout(request)
    record_authentication(request, user, "proconnect")
    if identity.has_proved_factor:
        factor.record(request, user, factor.PROCONNECT)
    request.session[SIGN_OUT_ELSEWHERE] = _end_of_session(request, identity)
    if not is_proved_anew:
        signed_in: HttpResponse = perform_login(
            request, Login(user=user, redirect_url=wanted or None)
        )
        return signed_in
    if not identity.has_proved_factor:
        messages.error(request, "ProConnect n’a pas demandé de second facteur cette fois.")
        return redirect("home")
    request.GET = QueryDict(urlencode({"next": wanted}))  # As allauth looks for it.
    return resume_request(request) or redirect("home")


def _send_back(request: HttpRequest, identity: Identity, reason: str) -> HttpResponse:
    """End both sessions, so that the person may come as somebody else, then say why."""
    logout(request)
    request.session[_REFUSAL] = reason
    return redirect(_end_of_session(request, identity))


def _end_of_session(request: HttpRequest, identity: Identity) -> str:
    """Return where ProConnect ends its session, and leads back here (RP-Initiated Logout 1.0)."""
    here = request.build_absolute_uri(reverse("proconnect_back"))
    there = discover().get("end_session_endpoint")
    if not there:
        return here
    query = {
        "id_token_hint": identity.id_token,
        "post_logout_redirect_uri": here,
        "state": get_random_string(32),
    }
    return f"{there}?{urlencode(query)}"


def _failed(request: HttpRequest, what: str, status: int) -> HttpResponse:
    return render(request, "account/proconnect_failed.html", {"what": what}, status=status)


def _only_where_there_is_one() -> None:
    if not settings.PROCONNECT_DISCOVERY_URL:
        raise Http404
