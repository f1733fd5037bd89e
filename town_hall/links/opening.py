"""The link of an e-mail opens one file, once, for whoever owns the address it was sent to.

It stands in for the code by e-mail, never for a second factor; the session that it begins
reaches that file's pages alone.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from allauth.account.internal.flows.login import (
    get_authentication_records,
    perform_login,
    record_authentication,
)
from allauth.account.models import Login
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from accounts import acting
from accounts.access import user_of
from accounts.models import User
from accounts.roles import Role
from conventions.models import Convention
from outbox.models import PersonalLink

METHOD = "link"
# What opens beside the file: none of it is of another one, and some is anybody's to read.
_OPEN = frozenset({"file_link", "account_logout", "person_name"}) | frozenset(
    {"legal", "verify", "verify_document", "mails", "mail", "mail_html"}
)
# Where one arrives without thinking of another file.
_DOORS = frozenset({"home", "convention_current"})
# Of pieces and messages, whose own scope says whether they are of the file.
_OF_A_FILE = re.compile(r"conventions/(pieces|messages)/")


@dataclass(frozen=True)
class Opening:
    """What the link of an address leads to, and why it does not, "" when it does.

    Refusals: "unknown", "used", "expired", "no_account", "ended" (the rights of the person
    changed since, or the file is not theirs).
    """

    refusal: str
    link: PersonalLink | None = None
    convention: Convention | None = None
    user: User | None = None


def read(token: str) -> Opening:
    """Return where a link leads today. Nothing is written: mail scanners follow links too."""
    link = PersonalLink.of(token)
    if link is None:
        return Opening("unknown")
    found = Convention.objects.filter(notifications__email=link.email_id).with_parties().first()
    user = User.objects.filter(email=link.recipient.lower(), role=Role.TOWN_HALL).first()
    return Opening(_refusal(link, found, user), link, found, user)


def _refusal(link: PersonalLink, convention: Convention | None, user: User | None) -> str:
    if link.used_at:
        return "used"
    if link.is_expired:
        return "expired"
    if user is None or convention is None:
        return "no_account"
    is_theirs = Convention.objects.for_user(user).filter(pk=convention.pk).exists()
    # As every link given before: see `accounts.rights`.
    has_changed = not user.is_active or user.rights_since > link.made_at
    return "" if is_theirs and not has_changed else "ended"


def sign_in(request: HttpRequest, opening: Opening) -> HttpResponse | None:
    """Use the link up and sign its person in for that file alone; None when it was used meanwhile.

    Who has set up a second factor is asked for it, as by any other way in.
    """
    link, convention, user = opening.link, opening.convention, opening.user
    if link is None or convention is None or user is None or not link.use():
        return None
    if request.user.is_authenticated:
        logout(request)
    record_authentication(request, user, method=METHOD, convention=convention.pk)
    _work_for(request, user, convention)
    login = Login(user=user, redirect_url=convention.get_absolute_url())
    response: HttpResponse = perform_login(request, login)
    return response


def _work_for(request: HttpRequest, user: User, convention: Convention) -> None:
    """Work for the collectivity of the file, or for the one it merged into."""
    collectivity = convention.collectivity
    mine = {each.pk: each for each in acting.collectivities_of(user)}
    for key in (collectivity.pk, collectivity.merged_into_id):
        if key in mine:
            acting.choose(request, mine[key])
            return


def only_file(request: HttpRequest) -> int | None:
    """Return the key of the one file that this session opens; None once signed in otherwise."""
    records = get_authentication_records(request, user_of(request))
    ways = [record for record in records if record["method"] != "mfa"]
    if ways and all(record["method"] == METHOD for record in ways):
        key: int = ways[-1]["convention"]
        return key
    return None


class FileOnly:
    """Whoever came in by the link of an e-mail reaches that file's pages, and no other."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        if request.user.is_anonymous:
            return None
        user = user_of(request)
        user.only_file = only_file(request)
        if user.only_file is None or request.resolver_match is None:
            return None
        name = request.resolver_match.view_name
        if name in _OPEN or _OF_A_FILE.match(request.resolver_match.route):
            return None
        file = Convention.objects.for_user(user).with_parties().first()
        if file and name in _DOORS:
            return redirect(file)
        if file and request.path.startswith(file_path(file)):
            return None
        return render(request, "town_hall/only_file.html", {"file": file}, status=403)


def file_path(convention: Convention) -> str:
    """Return what the addresses of a file begin with."""
    return convention.get_absolute_url().partition("?")[0]
