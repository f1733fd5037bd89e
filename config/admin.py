"""The rectorat's admin site: Django's own, in our words."""

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect
from django.utils.decorators import method_decorator

from conventions.board import build_board, newest_open_campaign


class RectoratAdminSite(AdminSite):
    site_header = "Conventions ENT-École"
    site_title = "Conventions ENT-École"
    index_title = "Tableau de bord"
    site_url = None  # Its own front page is where the rectorat works.

    @method_decorator(login_not_required)
    def login(self, request, extra_context=None):
        """Sign in where everybody does, so that the same limits on attempts hold."""
        return secure_admin_login(super().login)(request, extra_context)

    def logout(self, request, extra_context=None):
        """Sign out where everybody does."""
        return redirect("account_logout")

    def password_change(self, request, extra_context=None):
        """Change one's password where everybody does."""
        return redirect("account_change_password")

    def each_context(self, request):
        """Add what only some pages give to the templates that every page has in common."""
        given_by_some = {"board": None, "export_url_name": "", "subtitle": None}
        return super().each_context(request) | given_by_some

    def index(self, request, extra_context=None):
        """Open on where the conventions of the current campaign stand."""
        campaign = newest_open_campaign()
        board = build_board(campaign, request.user) if campaign else None
        return super().index(request, {"board": board, **(extra_context or {})})
