"""The search box of a list of the admin site, which minds neither accents nor hyphens."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import lookup_spawns_duplicates
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from tabular.folding import fold

# A commune is written either way: « St-Jean », « Saint-Jean ».
_WRITTEN_ALSO = {"st": "saint", "ste": "sainte", "saint": "st", "sainte": "ste"}
_SHORT = frozenset({"st", "ste"})
# Characters of a search: a whole line, pasted. Beyond, SQLite refuses as many conditions.
LONGEST = 200


def searchable(term: str) -> str:
    """Return what of a search is looked for: its beginning, without NUL, which no row holds."""
    return term.replace("\0", "").strip()[:LONGEST]


class FoldedSearchMixin(admin.ModelAdmin):
    """Search box that finds a name typed without accents or hyphens, Saint for St.

    Name in `search_fields` columns that hold folded text
    ("search_text", "collectivity__search_text"): one, where the list grows, since no index serves
    a choice between two tables. Every word typed must be found in one of them; autocomplete
    fields search the same way.
    """

    search_fields: ClassVar[list[str] | tuple[str, ...]] = ("search_text",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        search_term = searchable(search_term)
        folded = fold(search_term).split()
        if not folded:  # Punctuation alone names nothing.
            return queryset.none() if search_term else queryset, False
        fields = [*self.get_search_fields(request)]
        found = _every(_written(word, fields) for word in folded)
        repeats = any(lookup_spawns_duplicates(self.opts, field) for field in fields)
        return queryset.filter(found), repeats


def _every(conditions: Iterable[Q]) -> Q:
    whole = Q()
    for condition in conditions:
        whole &= condition
    return whole


def _contains(word: str, fields: Iterable[str]) -> Q:
    return _any(Q(**{f"{field}__contains": word}) for field in fields)


def _written(word: str, fields: Iterable[str]) -> Q:
    """Leave the rows with the word, or with the other way of writing it."""
    ways = (word, _WRITTEN_ALSO[word]) if word in _WRITTEN_ALSO else (word,)
    return _any(_whole(way, fields) if way in _SHORT else _contains(way, fields) for way in ways)


def _whole(word: str, fields: Iterable[str]) -> Q:
    """Leave the rows with the word itself: « st » is also in « Castelnau »."""
    return _any(
        Q(**{f"{field}__startswith": f"{word} "}) | Q(**{f"{field}__contains": f" {word} "})
        for field in fields
    )


def _any(conditions: Iterable[Q]) -> Q:
    either = Q(pk__in=[])
    for condition in conditions:
        either |= condition
    return either
