"""Documents in the admin site: to read, never to write."""

import re
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string

from communes.admin_base import ScopedAdmin
from documents.models import Document
from documents.printed_values import sections
from tabular.admin_search import FoldedSearchMixin

# As the list shows the beginning of one, or whole; no reference is written so.
_FINGERPRINT = re.compile(r"[0-9a-f]{8,64}")


class ReadOnlyAdmin(ScopedAdmin):
    """What was issued does not change, whoever looks."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return False


class DocumentAdmin(FoldedSearchMixin, ReadOnlyAdmin):
    """Registered by `rectorat`, which knows the files that they belong to."""

    list_display = ["reference_or_name", "nature", "pages", "created_at", "sha256_start"]
    list_filter = ["text_model__kind", "created_at"]
    list_select_related = ["text_model"]
    search_help_text = (
        "Référence, nom d'origine, ou empreinte par son début ; les accents sont facultatifs."
    )
    fields = [
        "reference",
        "sha256",
        "original_name",
        "pages",
        "size",
        "text_model",
        "printed_values",
        "created_at",
        "created_by",
    ]
    readonly_fields = ["printed_values"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by words, or by the fingerprint from its beginning on."""
        typed = search_term.strip().lower()
        if _FINGERPRINT.fullmatch(typed):
            return queryset.filter(sha256__startswith=typed), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="empreinte", ordering="sha256")
    def sha256_start(self, document: Document) -> str:
        return document.sha256[:12]

    @admin.display(description="nature")
    def nature(self, document: Document) -> str:
        text = document.text_model
        return text.get_kind_display() if text else "fichier reçu"

    @admin.display(description="référence ou nom d'origine", ordering="reference")
    def reference_or_name(self, document: Document) -> str:
        """Without a name once its file went to the archives."""
        return document.reference or document.original_name or "fichier transféré aux archives"

    @admin.display(description="valeurs imprimées")
    def printed_values(self, document: Document) -> str:
        return render_to_string(
            "admin/documents/document/printed_values.html",
            {"sections": sections(document.context or {})},
        )
