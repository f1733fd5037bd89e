"""The rectorat's admin site: Django's own, in our words."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.contrib.admin.helpers import AdminForm, InlineAdminFormSet
from django.contrib.auth.decorators import login_not_required
from django.forms import BaseForm, BaseFormSet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import method_decorator

from accounts.access import user_of
from accounts.models import User
from accounts.roles import Role
from operations.health import troubles
from rectorat.desk.menu import build_menu
from rectorat.desk.search import search_view
from rectorat.desk.waiting import build_desk

_View = TypeVar("_View", bound=Callable[..., HttpResponseBase])


class RectoratAdminSite(AdminSite):
    site_header = "Conventions ENT-École"
    site_title = "Conventions ENT-École"
    index_title = "Tableau de bord"
    site_url = None  # Its own front page is where the rectorat works.
    empty_value_display = "—"
    enable_nav_sidebar = False  # The menu stands above: tables have the whole width.

    def admin_view(self, view: _View, cacheable: bool = False) -> _View:
        """Answer 422 with a form that was refused, on every page: 200 says that it was done."""

        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response = view(request, *args, **kwargs)
            if request.method == "POST" and isinstance(response, TemplateResponse):
                if any(map(_is_refused, (response.context_data or {}).values())):
                    response.status_code = 422
            return response

        return super().admin_view(cast(_View, answer), cacheable)

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
        user = request.user
        given_by_some: dict[str, Any] = {
            "menu": build_menu(user, request.path) if isinstance(user, User) else [],
            "sought": "",
            "board": None,
            "troubles": [],
            "export_url_name": "",
            "mailing_url_name": "",
            "keeps_as": "",
            "ready": None,
            "subtitle": None,
        }
        return super().each_context(request) | given_by_some

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Open on what waits for the agent; for administrators, on what the site needs too."""
        user = user_of(request)
        desk = build_desk(user, is_mine="mine" in request.GET)
        found = troubles() if user.role == Role.ADMINISTRATOR else []
        context = {"desk": desk, "silence": desk.silence, "troubles": found}
        return super().index(request, context | (extra_context or {}))

    # As for `logout`.
    def app_index(  # type: ignore[override]
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lists are named by the work they serve, not by their table: the menu has them."""
        return redirect("admin:index")

    def get_urls(self) -> list[Any]:
        search = self.admin_view(lambda request: search_view(request, self))
        return [path("recherche/", search, name="search"), *super().get_urls()]


def _is_refused(shown: Any) -> bool:
    """Tell whether what a template is given is a form that was refused, or a list with one."""
    if isinstance(shown, AdminForm):
        shown = shown.form
    if isinstance(shown, InlineAdminFormSet):
        shown = shown.formset
    if isinstance(shown, BaseForm):
        return bool(shown.is_bound and shown.errors)
    if isinstance(shown, BaseFormSet):
        return shown.is_bound and not shown.is_valid()
    return isinstance(shown, list) and any(map(_is_refused, shown))
