"""From one file to the next of the list that an agent came from."""

from copy import copy
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import IncorrectLookupParameters
from django.http import HttpRequest, QueryDict
from django.urls import reverse


@dataclass(frozen=True)
class Neighbours:
    """Where a row stands in its list, from 1, and the addresses of those beside it ("": none)."""

    position: int
    count: int
    before: str
    after: str


def neighbours(pages: ModelAdmin, request: HttpRequest, pk: int) -> Neighbours | None:
    """Return what stands beside the row `pk` in the list that led to its page, or None.

    The list's filters travel in the address, as Django's admin keeps them.
    """
    kept = request.GET.get("_changelist_filters")
    if kept is None:
        return None
    listing = copy(request)
    listing.GET = QueryDict(kept)
    try:
        rows = pages.get_changelist_instance(listing).queryset
    except IncorrectLookupParameters:
        return None
    keys = list(rows.values_list("pk", flat=True))
    if pk not in keys:
        return None
    here = keys.index(pk)
    return Neighbours(
        position=here + 1,
        count=len(keys),
        before=_page(pages, keys[here - 1], kept) if here else "",
        after=_page(pages, keys[here + 1], kept) if here + 1 < len(keys) else "",
    )


def _page(pages: ModelAdmin, key: int, kept: str) -> str:
    name = f"admin:{pages.opts.app_label}_{pages.opts.model_name}_change"
    return f"{reverse(name, args=[key])}?{urlencode({'_changelist_filters': kept})}"
