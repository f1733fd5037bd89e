"""The rectorat sees what a collectivity sees, for a while, with a reason, and changes nothing."""

import datetime
import time
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from accounts import journal
from accounts.access import user_of
from accounts.models import User
from accounts.roles import ADMIN_SITE_ROLES, Role
from accounts.scope import collectivity_scope
from communes.models import Collectivity
from conventions.models import Convention
from lifecycle.door import write_journal

LASTS = datetime.timedelta(minutes=30)
READING = ("GET", "HEAD", "OPTIONS")
# What stays the agent's own meanwhile.
OWN = frozenset({"support_end", "account_logout", "legal"})
_KEY = "support"


def begin(request: HttpRequest, collectivity: Collectivity, *, reason: str) -> None:
    """See as `collectivity` from here on: kept in the journals, the town hall's own too."""
    agent = user_of(request)
    until = time.time() + LASTS.total_seconds()
    detail = f"Consultation comme {collectivity} ; motif : {reason}"
    with transaction.atomic():
        journal.note(journal.Kind.SUPPORT, detail, person=agent, by=agent)
        for convention in Convention.objects.filter(collectivity=collectivity).living():
            summary = "Dossier consulté par le rectorat comme le voit la collectivité"
            write_journal(convention, agent, "support", summary, comment=reason)
    request.session[_KEY] = {"collectivity": collectivity.pk, "until": until}


def end(request: HttpRequest) -> None:
    """See as oneself again."""
    request.session.pop(_KEY, None)


def visited(request: HttpRequest) -> Collectivity | None:
    """Return the collectivity that the agent sees as, None when time is over or it is not theirs."""
    agent, kept = user_of(request), request.session.get(_KEY)
    if not kept or kept["until"] < time.time() or agent.role not in ADMIN_SITE_ROLES:
        return None
    in_scope = Collectivity.objects.filter(collectivity_scope(agent))
    return in_scope.filter(pk=kept["collectivity"]).select_related("department").first()


class SupportView:
    """Have the agent be the collectivity for the request under way, which may only read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.user.is_authenticated and user_of(request).visiting and _is_file(response):
            _note_download(request, user_of(request))
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if request.user.is_anonymous or _KEY not in request.session:
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        collectivity = None if name in OWN else visited(request)
        if collectivity is None:
            return None
        user = user_of(request)
        # In memory only: a request that reads saves nothing, and no other goes on.
        user.visiting = user.acting_for = collectivity
        user.role = Role.TOWN_HALL
        if request.method not in READING:
            return render(request, "town_hall/support_reads.html", status=403)
        return None


def _is_file(response: HttpResponseBase) -> bool:
    return not response.headers.get("Content-Type", "text/html").startswith("text/html")


def _note_download(request: HttpRequest, agent: User) -> None:
    detail = f"Consultation comme {agent.visiting} : {request.path}"
    journal.note(journal.Kind.DOWNLOAD, detail, person=agent, by=agent)
