"""Kinds of filters that lists share: several values at once, dates from one day to another.

Each says in `chips` what it leaves, and the address that takes it away again.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import ListFilter, ModelAdmin, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format


@dataclass(frozen=True)
class Chip:
    """What a list is narrowed to, in words, and the address of the list without it."""

    label: str
    without: str


class ManyChoicesFilter(SimpleListFilter):
    """Leaves the rows of any of the values ticked: `parameter=one,other`.

    A subclass says in `condition` what one value leaves, and in `alias` another parameter that
    addresses kept by agents may hold.
    """

    parameter_name: str
    alias = ""

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: ModelAdmin
    ) -> None:
        given = [*params.get(self.parameter_name, []), *params.pop(self.alias, [])]
        self.values = [value for part in given for value in part.split(",") if value]
        super().__init__(request, params, model, model_admin)
        self.user = request.user

    def condition(self, value: str, today: datetime.date) -> Q:
        """Return what `value`, one of `lookups`, leaves."""
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.values:
            return queryset
        known = {str(value) for value, _ in self.lookup_choices}
        today = timezone.localdate()
        any_of_them = Q(pk__in=[])
        for value in self.values:
            if value in known:
                any_of_them |= self.condition(value, today)
        return queryset.filter(any_of_them)

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Each value, whose address adds it to the others or takes it away."""
        for value, label in self.lookup_choices:
            is_selected = str(value) in self.values
            wanted = [one for one in self.values if one != str(value)]
            if not is_selected:
                wanted.append(str(value))
            yield {
                "selected": is_selected,
                "query_string": changelist.get_query_string(
                    {self.parameter_name: ",".join(wanted) or None},
                    remove=[self.alias] if self.alias else [],
                ),
                "display": label,
            }

    def chips(self, changelist: ChangeList) -> Iterator[Chip]:
        for choice in self.choices(changelist):
            if choice["selected"]:
                yield Chip(f"{self.title} : {choice['display']}", choice["query_string"])


class DateRangeFilter(ListFilter):
    """Leaves the rows whose day is from one date to another, both included."""

    template = "admin/lists/date_range.html"
    field = ""

    @classmethod
    def on(cls, field: str, title: str, name: str) -> type["DateRangeFilter"]:
        """Return the filter of the days of `field`, as `name_from` and `name_to`."""
        return type(f"{name.title()}Range", (cls,), {"field": field, "title": title, "name": name})

    name = ""

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: ModelAdmin
    ) -> None:
        super().__init__(request, params, model, model_admin)
        for parameter in self.bounds:
            if parameter in params:
                self.used_parameters[parameter] = params.pop(parameter)[-1]

    def expected_parameters(self) -> list[str | None]:
        return [*self.bounds]

    @property
    def bounds(self) -> tuple[str, str]:
        return f"{self.name}_from", f"{self.name}_to"

    def has_output(self) -> bool:
        return True

    def _day(self, parameter: str) -> datetime.date | None:
        try:
            return datetime.date.fromisoformat(str(self.used_parameters.get(parameter, "")))
        except ValueError:
            return None

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for parameter, lookup in zip(self.bounds, ("gte", "lte"), strict=True):
            if day := self._day(parameter):
                queryset = queryset.filter(**{f"{self.field}__{lookup}": day})
        return queryset

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """The two days typed, and what the form must carry along."""
        others = changelist.get_filters_params()
        start, end = self.bounds
        yield {
            "names": (start, end),
            "start": self._day(start),
            "end": self._day(end),
            "others": [
                (key, value)
                for key, values in sorted(others.items())
                if key not in (start, end)
                for value in values
            ]
            + ([("q", changelist.query)] if changelist.query else []),
        }

    def chips(self, changelist: ChangeList) -> Iterator[Chip]:
        for parameter, word in zip(self.bounds, ("à partir du", "jusqu'au"), strict=True):
            if day := self._day(parameter):
                yield Chip(
                    f"{self.title} : {word} {date_format(day, 'SHORT_DATE_FORMAT')}",
                    changelist.get_query_string(remove=[parameter]),
                )


def selection_in_words(pages: Any, request: HttpRequest) -> str:
    """Return how the rows of an action were chosen in a list: its filters, its search, ticks.

    `pages` is the ModelAdmin of the list.
    """
    words = [chip.label for chip in chips(pages.get_changelist_instance(request))]
    if request.POST.get("select_across") != "1":
        words.append("lignes cochées")
    return ", ".join(words)


def chips(changelist: ChangeList) -> list[Chip]:
    """Return what a list is narrowed to: each filter chosen, what is searched for."""
    return [*_chips(changelist)]


def _chips(changelist: ChangeList) -> Iterator[Chip]:
    expected: set[str | None] = set()
    for spec in changelist.filter_specs:
        expected.update(spec.expected_parameters())
        if hasattr(spec, "chips"):
            yield from spec.chips(changelist)
        else:
            yield from _of_django(spec, changelist)
    for name in sorted(set(changelist.get_filters_params()) - expected):
        value = changelist.params[name]
        yield Chip(f"{_field(changelist, name)} : {value}", _without(changelist, name))
    if changelist.query:
        yield Chip(f"recherche : {changelist.query}", _without(changelist, "q"))


def _of_django(spec: Any, changelist: ChangeList) -> Iterator[Chip]:
    """Django's own filters begin with « Tous », which takes the others away."""
    everything, *choices = list(spec.choices(changelist))
    for choice in choices:
        if choice["selected"]:
            yield Chip(f"{spec.title} : {choice['display']}", everything["query_string"])


def _without(changelist: ChangeList, name: str) -> str:
    return changelist.get_query_string(remove=[name])


def _field(changelist: ChangeList, name: str) -> str:
    try:
        return str(changelist.opts.get_field(name.partition("__")[0]).verbose_name)  # type: ignore[union-attr]
    except FieldDoesNotExist:
        return name
