"""A list of the admin site that remembers: its columns, its views (tabular/keeping.py)."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from tabular.keeping import KeptList


class KeptListMixin(admin.ModelAdmin):
    """Adds « Vues » and « Colonnes » to a list.

    `list_display` is what a list shows at first, `optional_columns` what may be added.
    """

    optional_columns: Sequence[str] = ()

    @property
    def kept(self) -> KeptList:
        of = f"{self.opts.app_label}_{self.opts.model_name}"
        first = tuple(map(str, self.list_display))
        return KeptList(
            of=of,
            page=f"admin:{of}_changelist",
            offered=(*first, *self.optional_columns),
            first=first,
        )

    # --- Columns --------------------------------------------------------------
    def columns_chosen(self, request: HttpRequest) -> list[str]:
        """Return the columns to show, in the list's order; read once a request."""
        read: dict[str, list[str]] = request.__dict__.setdefault("chosen_columns", {})
        kept = self.kept
        if kept.of not in read:
            read[kept.of] = kept.columns_of(request.user)
        return read[kept.of]

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        return tuple(self.columns_chosen(request))

    def column_choices(self, request: HttpRequest) -> list[tuple[str, str, bool]]:
        """Return each column offered: its name, its heading, whether it is shown."""
        shown = self.columns_chosen(request)
        return [(name, self._heading(name), name in shown) for name in self.kept.offered]

    def _heading(self, name: str) -> str:
        display = getattr(type(self), name, None)
        field = None if display else self.opts.get_field(name)
        return str(display.short_description if display else getattr(field, "verbose_name", name))

    # --- Their pages ------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        guarded, kept = self.admin_site.admin_view, self.kept
        return [
            path("columns/", guarded(kept.choose_columns), name=f"{kept.of}_columns"),
            path("views/", guarded(kept.keep_view), name=f"{kept.of}_views"),
            path("views/forget/", guarded(kept.forget_view), name=f"{kept.of}_forget"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        kept = self.kept
        shown = {
            "keeps_as": kept.of,
            "views": kept.views_of(request.user),
            "columns": self.column_choices(request),
        }
        return super().changelist_view(request, shown | (extra_context or {}))
