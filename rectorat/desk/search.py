"""One search over all that an agent may see: files, collectivities, schools, people."""

from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.models import User
from communes.models import Collectivity
from conventions.models import Convention
from schools.models import School
from tabular.admin_search import searchable
from tabular.folding import fold

SHOWN = 10
# Beyond it rows are not counted: how many thousand carry a word is of no use to who looks for one.
COUNTED = 1_000
# In this order; each searched as its own list is, in the agent's part of the territory.
_SEARCHED: tuple[type[Any], ...] = (Convention, Collectivity, School, User)


@dataclass
class Found:
    """The first rows of one list that match, how many there are, and the address of all.

    `are_more` than `count` where they were not all counted.
    """

    label: str
    rows: list[tuple[str, str]]
    count: int
    are_more: bool
    url: str


def search_view(request: HttpRequest, site: AdminSite) -> TemplateResponse:
    """Show what matches the words typed, list by list."""
    typed = request.GET.get("q", "").strip()
    sought = searchable(typed)
    found = [_find(request, site, model, sought) for model in _SEARCHED] if fold(sought) else []
    context = {
        **site.each_context(request),
        "title": "Recherche",
        "sought": sought,
        "is_cut": len(sought) < len(typed),
        "names_nothing": not fold(sought),
        "found": [one for one in found if one.count],
    }
    return TemplateResponse(request, "admin/search.html", context)


def _find(request: HttpRequest, site: AdminSite, model: type[Any], sought: str) -> Found:
    pages = site.get_model_admin(model)
    if not pages.has_view_permission(request):
        return Found("", [], 0, False, "")
    rows: QuerySet[Any] = pages.get_queryset(request)
    matching, repeats = pages.get_search_results(request, rows, sought)
    matching = matching.distinct() if repeats else matching
    counted = matching.order_by()[: COUNTED + 1].count()
    are_more = counted > COUNTED
    found: Any = pages.get_paginator(request, matching, SHOWN)
    shown = found.first_of_many() if are_more else matching[:SHOWN]
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    return Found(
        label=str(model._meta.verbose_name_plural),
        rows=[(str(row), reverse(f"{name}_change", args=[row.pk])) for row in shown],
        count=min(counted, COUNTED),
        are_more=are_more,
        url=_list(name, sought),
    )


def _list(name: str, sought: str) -> str:
    """Return the address of a list, all campaigns together."""
    everywhere = {"campaign": "all"} if name.endswith("_convention") else {}
    return reverse(f"{name}_changelist", query={"q": sought, **everywhere})
