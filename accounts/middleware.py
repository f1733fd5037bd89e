"""What holds for every page of somebody who is signed in, whoever made the page."""

import re
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts import acting, factor, journal
from accounts.access import user_of

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_LEAVING = frozenset({"account_logout", "legal"})
# All that opens to an agent until a second factor was proved.
WITHOUT_FACTOR = _LEAVING | {
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
}
# All that opens before somebody has said who they are and for whom they work.
WITHOUT_SAYING_WHO = _LEAVING | {"collectivity_choice", "person_name"}
# Pages that give a whole list away.
_EXPORTS = re.compile(r"_export$|^batch_file$|^admin:jobs_job_report$")


class PrivatePages:
    """Nothing of what is shown to somebody signed in is kept on the way, or by the browser."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class SecondFactor:
    """An agent opens nothing but what sets up, or asks for, a second factor until it is proved."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if request.user.is_anonymous or _name(request) in WITHOUT_FACTOR:
            return None
        user = user_of(request)
        if not factor.is_required_of(user) or factor.is_proven(request):
            return None
        ways = factor.ways_to_prove(user) if factor.has_own(user) else []
        page = ways[0][0] if ways else "mfa_index"
        return redirect(reverse(page, query={"next": request.get_full_path()}))


class WhoActs:
    """A town hall says for which of its collectivities it works, a shared mailbox who it is."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        if request.user.is_anonymous:
            return None
        asked = acting.find_out(request)
        if _name(request) in WITHOUT_SAYING_WHO:
            return None
        if asked:
            return redirect(reverse(asked, query={"next": request.get_full_path()}))
        other = acting.other_collectivity(user_of(request), kwargs.get("code"))
        if other is None:
            return None
        context = {"other": other, "next": request.path if request.method == "GET" else ""}
        return render(request, "account/other_collectivity.html", context, status=409)


class JournalOfExports:
    """Whoever takes a whole list away leaves a line in the journal of access."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == HttpResponse.status_code and request.user.is_authenticated:
            by = user_of(request)
            if _EXPORTS.search(_name(request)):
                what = f"Export : {request.get_full_path()}"
                journal.note(journal.Kind.EXPORT, what, person=by, by=by)
            elif request.method == "POST" and _is_file(response):
                what = f"{request.path} : {response.headers['Content-Disposition']}"
                journal.note(journal.Kind.DOWNLOAD, what, person=by, by=by)
        return response


def _is_file(response: HttpResponseBase) -> bool:
    """Tell whether a selection was sent away in one file: one document is asked for by GET."""
    return response.headers.get("Content-Disposition", "").startswith("attachment")


def _name(request: HttpRequest) -> str:
    """Return the name of the page that is asked for, "" for none."""
    return request.resolver_match.view_name if request.resolver_match else ""
