"""One base for every page of the admin site: its part of the territory, its history in French."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import ManyToManyField, Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.html import format_html
from django.utils.safestring import SafeString
from simple_history.admin import SimpleHistoryAdmin
from simple_history.models import DeletedObject, ModelChange
from simple_history.template_utils import HistoricalRecordContextHelper
from simple_history.utils import get_history_model_for_model

from tabular.admin_search import searchable
from tabular.paging import KeysFirst

_NO_ACTION = [("", "Choisissez…")]


class ScopedAdmin(admin.ModelAdmin):
    """A ModelAdmin that shows an agent what is theirs, on whichever of its pages.

    A subclass says what in `scope`. Lists, pages, actions, exports and autocompletes all start
    from `get_queryset`; `find` is for the pages that do not.
    """

    paginator = KeysFirst
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

    def get_action_choices(
        self, request: HttpRequest, default_choices: list[tuple[str, str]] = _NO_ACTION
    ) -> list[tuple[str, str]]:
        """Begin with words, where Django has dashes."""
        return super().get_action_choices(request, default_choices)

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


class _Links:
    """The rows that the versions of a page were linked to, read once for all of them.

    django-simple-history reads those of two versions at a time, several times a pair.
    """

    def __init__(self, versions: Sequence[Any]) -> None:
        self.of: dict[str, dict[int, list[Any]]] = {}
        for field in versions[0]._history_m2m_fields if versions else ():
            self.of[field.name] = self._read(field, [version.pk for version in versions])

    @staticmethod
    def _read(field: ManyToManyField, versions: list[int]) -> dict[int, list[Any]]:
        target = field.m2m_reverse_field_name()
        rows = getattr(get_history_model_for_model(field.model), field.name).filter(
            history__in=versions
        )
        found = defaultdict(list)
        for row in rows.select_related(target).order_by(target):
            # Of a row that is gone, its key is left.
            key = getattr(row, row._meta.get_field(target).attname)
            linked = getattr(row, target) or DeletedObject(field.related_model, key)
            found[row.history_id].append({target: linked})
        return found

    def changes(self, old: Any, new: Any) -> list[ModelChange]:
        """Return which links are not the same in two versions."""
        pairs = ((name, of.get(old.pk, []), of.get(new.pk, [])) for name, of in self.of.items())
        return [ModelChange(name, *pair) for name, *pair in pairs if pair[0] != pair[1]]


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
        self._refuse_others(request, object_id)
        response: HttpResponse = super().history_view(request, object_id, extra_context)
        return response

    def history_form_view(
        self,
        request: HttpRequest,
        object_id: str,
        version_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        self._refuse_others(request, object_id)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        response: HttpResponse = super().history_form_view(
            request, object_id, version_id, extra_context
        )
        return response

    def _refuse_others(self, request: HttpRequest, object_id: str) -> None:
        """Raise Http404 for a row that is not theirs; it is read later, or not at all."""
        try:
            is_theirs = self.get_queryset(request).filter(pk=unquote(object_id)).exists()
        except ValueError:  # No key at all
            is_theirs = False
        if not is_theirs:
            raise Http404

    def set_history_delta_changes(
        self,
        request: HttpRequest,
        historical_records: Iterable[Any],
        foreign_keys_are_objs: bool = True,
    ) -> None:
        """Say of each version what it changed, in as many queries however many there are."""
        versions = list(historical_records)
        links = _Links(versions)
        for new, old in pairwise(versions):
            delta = new.diff_against(
                old, excluded_fields=links.of, foreign_keys_are_objs=foreign_keys_are_objs
            )
            delta.changes.extend(links.changes(old, new))
            delta.changes.sort(key=lambda change: change.field)
            shown = self.get_historical_record_context_helper(request, new)
            new.history_delta_changes = shown.context_for_delta_changes(delta)

    def get_historical_record_context_helper(
        self, request: HttpRequest, historical_record: Model
    ) -> HistoryContext:
        return HistoryContext(self.model, historical_record)
