"""The search box of a list of the admin site, which minds neither accents nor hyphens."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from tabular.folding import fold


class FoldedSearchMixin(admin.ModelAdmin):
    """Search box that finds a name typed without accents or hyphens.

    Name in `search_fields` columns that hold folded text
    ("search_text", "collectivity__search_text") or plain codes. Every word typed must
    be found in one of them; autocomplete fields search the same way.
    """

    search_fields: ClassVar[list[str] | tuple[str, ...]] = ("search_text",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, fold(search_term))
