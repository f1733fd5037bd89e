"""The journal of access, to be searched by administrators; nobody edits it."""

from typing import Any

from django.contrib import admin
from django.utils import timezone

from accounts.models import AccessEntry
from communes.admin_base import WholeRegionAdmin
from tabular.admin_export import ExportMixin
from tabular.writing import Column, Kind


@admin.register(AccessEntry)
class AccessEntryAdmin(ExportMixin, WholeRegionAdmin):
    export_columns = (
        Column("Date", Kind.MOMENT, lambda entry: entry.at),
        Column("Nature", Kind.TEXT, lambda entry: entry.get_kind_display(), width=24),
        Column("Compte", Kind.TEXT, lambda entry: entry.subject, width=36),
        Column("Par", Kind.TEXT, lambda entry: entry.by_name, width=28),
        Column("Réseau", Kind.TEXT, lambda entry: entry.network),
        Column("Ce qui s'est passé", Kind.TEXT, lambda entry: entry.detail, width=80),
    )
    list_display = ("moment", "kind", "subject", "by_name", "network", "detail")
    list_filter = ("kind", "at")
    search_fields = ("subject", "by_name", "network", "detail", "person__last_name")
    search_help_text = "Adresse électronique, nom, adresse du réseau, ce qui s'est passé."
    list_per_page = 100
    fields = ("moment", "kind", "subject", "by_name", "network", "detail", "kept_until")

    @admin.display(description="le", ordering="at")
    def moment(self, entry: AccessEntry) -> str:
        return f"{timezone.localtime(entry.at):%d/%m/%Y %H:%M:%S}"

    def has_delete_permission(self, request: Any, obj: Any | None = None) -> bool:
        return False
