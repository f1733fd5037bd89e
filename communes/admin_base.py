"""One base for every page of the admin site: its part of the territory, its history in French."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.html import format_html
from django.utils.safestring import SafeString
from simple_history.admin import SimpleHistoryAdmin
from simple_history.models import ModelChange
from simple_history.template_utils import HistoricalRecordContextHelper

from tabular.admin_search import searchable


class ScopedAdmin(admin.ModelAdmin):
    """A ModelAdmin that shows an agent what is theirs, on whichever of its pages.

    A subclass says what in `scope`. Lists, pages, actions, exports and autocompletes all start
    from `get_queryset`; `find` is for the pages that do not.
    """

    # A list counts what it shows, and not all there is beside.
    show_full_result_count = False

    def scope(self, user: Any) -> Q:
        """Return the filter that leaves `user` (an account) their rows; Q() for the whole region."""
        raise NotImplementedError

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return what is theirs, as the model's own QuerySet."""
        # As `accounts.access.user_of`, which stands above.
        if request.user.is_anonymous:
            raise PermissionDenied
        return super().get_queryset(request).filter(self.scope(request.user))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Offer the history where one is kept: Django's own page would say that there is none."""
        context["keeps_history"] = isinstance(self, SimpleHistoryAdmin)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search as Django does, for what can be looked for (`searchable`)."""
        return super().get_search_results(request, queryset, searchable(search_term))

    def action_checkbox(self, obj: Model) -> SafeString:
        """Return the box of a row, as Django's widget draws it by two templates a row."""
        return format_html(
            '<input type="checkbox" name="{}" value="{}" class="action-select" aria-label="{}">',
            ACTION_CHECKBOX_NAME,
            str(obj.pk),
            f"Choisir : {obj}",
        )

    def find(self, request: HttpRequest, object_id: str) -> Any:
        """Return a row that is theirs. Raises Http404 for any other."""
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        return found


class WholeRegionAdmin(ScopedAdmin):
    """What every agent sees alike, whichever their départements."""

    def scope(self, user: Any) -> Q:
        return Q()


class HistoryContext(HistoricalRecordContextHelper):
    def prepare_delta_change_value(self, change: ModelChange, value: Any) -> Any:
        """Show a choice by its label ("mairie"), yes and no in French."""
        field = self.model._meta.get_field(change.field)
        if field.choices:
            return dict(field.flatchoices).get(value, value)
        if isinstance(value, bool):
            return "oui" if value else "non"
        return super().prepare_delta_change_value(change, value)


class HistoryAdmin(ScopedAdmin, SimpleHistoryAdmin):
    """A ScopedAdmin whose history page tells every change in French.

    django-simple-history's own pages look at no scope, and save what is sent to a version's.
    """

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.find(request, object_id)
        response: HttpResponse = super().history_view(request, object_id, extra_context)
        return response

    def history_form_view(
        self,
        request: HttpRequest,
        object_id: str,
        version_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        self.find(request, object_id)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        response: HttpResponse = super().history_form_view(
            request, object_id, version_id, extra_context
        )
        return response

    def get_historical_record_context_helper(
        self, request: HttpRequest, historical_record: Model
    ) -> HistoryContext:
        return HistoryContext(self.model, historical_record)
