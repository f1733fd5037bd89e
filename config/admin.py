"""The rectorat's admin site: Django's own, in our words."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator

from accounts.access import user_of
from accounts.roles import Role
from conventions.campaigns.models import Campaign
from operations.health import troubles
from rectorat.board import build_board


class RectoratAdminSite(AdminSite):
    site_header = "Conventions ENT-École"
    site_title = "Conventions ENT-École"
    index_title = "Tableau de bord"
    site_url = None  # Its own front page is where the rectorat works.

    @method_decorator(login_not_required)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Sign in where everybody does, so that the same limits on attempts hold."""
        response: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return response

    # Django would render a page of its own: its types know no redirection.
    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Sign out where everybody does."""
        return redirect("account_logout")

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Change one's password where everybody does."""
        return redirect("account_change_password")

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add what only some pages give to the templates that every page has in common."""
        given_by_some: dict[str, Any] = {
            "board": None,
            "troubles": [],
            "export_url_name": "",
            "subtitle": None,
        }
        return super().each_context(request) | given_by_some

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Open on where the conventions of the current campaign stand; for administrators, the site."""
        campaign, user = Campaign.objects.newest_open(), user_of(request)
        board = build_board(campaign, user) if campaign else None
        found = troubles() if user.role == Role.ADMINISTRATOR else []
        return super().index(request, {"board": board, "troubles": found, **(extra_context or {})})
