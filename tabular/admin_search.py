"""The search box of a list of the admin site, which minds neither accents nor hyphens."""

from typing import ClassVar

from tabular.folding import fold


class FoldedSearchMixin:
    """Search box of a ModelAdmin that finds a name typed without accents or hyphens.

    Mix in before ModelAdmin and name in `search_fields` columns that hold folded text
    ("search_text", "collectivity__search_text") or plain codes. Every word typed must
    be found in one of them; autocomplete fields search the same way.
    """

    search_fields: ClassVar[list[str] | tuple[str, ...]] = ("search_text",)

    def get_search_results(self, request, queryset, search_term):
        return super().get_search_results(request, queryset, fold(search_term))
