"""Export of a list of the admin site: exactly the rows that it shows, on all its pages."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.text import slugify

from tabular import writing

# Rows fetched at a time: bounds the memory of an export, whole region included.
_CHUNK = 1000


class ExportMixin(admin.ModelAdmin):
    """Adds « Exporter (CSV) » and « (XLSX) » to a list: its filters, its search, its order.

    A subclass names its columns in `export_columns` and, in `list_select_related` or
    `export_select_related`, what they read; in `mailing_columns`, what letters need, added on
    demand.
    """

    export_columns: Sequence[writing.Column] = ()
    mailing_columns: Sequence[writing.Column] = ()
    export_select_related: Sequence[str] = ()

    @property
    def export_url_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_export"

    @property
    def mailing_url_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_mailing"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        pages = [path("export/<slug:file_format>/", view, name=self.export_url_name)]
        if self.mailing_columns:
            pages.append(
                path(
                    "export/<slug:file_format>/mailing/",
                    view,
                    {"for_mailing": True},
                    name=self.mailing_url_name,
                )
            )
        return [*pages, *super().get_urls()]

    def columns_to_export(self, request: HttpRequest) -> Sequence[writing.Column]:
        """Return the columns of the file asked for: those of the list, whatever it shows."""
        return self.export_columns

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"export_url_name": f"admin:{self.export_url_name}"}
        if self.mailing_columns:
            context["mailing_url_name"] = f"admin:{self.mailing_url_name}"
        return super().changelist_view(request, context | (extra_context or {}))

    def export_view(
        self, request: HttpRequest, file_format: str, for_mailing: bool = False
    ) -> HttpResponseBase:
        """Send the rows that the address's filters, search and order give, all of them."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if file_format not in writing.CONTENT_TYPES:
            raise Http404
        try:
            rows = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            # The list itself says what is wrong.
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        if self.export_select_related:
            rows = rows.select_related(*self.export_select_related)
        title = str(self.opts.verbose_name_plural)
        columns = list(self.columns_to_export(request))
        if for_mailing:
            columns += [column for column in self.mailing_columns if column not in columns]
        return writing.response(
            columns,
            rows.iterator(chunk_size=_CHUNK),
            file_format,
            name=f"{slugify(title)}_{timezone.localdate():%Y-%m-%d}",
            title=title[:1].upper() + title[1:],
        )
