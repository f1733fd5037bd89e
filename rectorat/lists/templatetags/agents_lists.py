"""What stands above every list of the admin site: what it is narrowed to, in words."""

from collections.abc import Iterator
from typing import Any

from django import template
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import FieldDoesNotExist

from rectorat.lists.choosing import Chip

register = template.Library()


@register.filter
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
