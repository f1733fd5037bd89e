"""What stands beside a row of the admin site: the files, people and lists about it, as links."""

from collections.abc import Iterator
from typing import Any

from django import template
from django.urls import reverse

from accounts.access import user_of
from accounts.models import User
from accounts.scope import collectivity_scope
from communes.models import Collectivity
from conventions.models import Convention
from conventions.models.convention import ConventionQuerySet
from schools.models import School

register = template.Library()

SHOWN = 10


@register.simple_tag(takes_context=True)
def links_beside(context: template.Context, row: Any) -> list[tuple[str, str]]:
    """Return what is about `row` as pairs of words and address: what the agent may see of it."""
    user = user_of(context["request"])
    match row:
        case Collectivity():
            return [*_files(Convention.objects.for_user(user).filter(collectivity=row), row.code)]
        case School():
            files = Convention.objects.for_user(user).filter(enrolments__school=row)
            return [_payer(row.payer), *_files(files.distinct(), row.payer.code)]
        case User():
            return [*_of_person(row, user)]
    return []


def _payer(collectivity: Collectivity) -> tuple[str, str]:
    url = reverse("admin:communes_collectivity_change", args=[collectivity.pk])
    return f"Collectivité : {collectivity}", url


def _files(files: ConventionQuerySet, sought: str) -> Iterator[tuple[str, str]]:
    """The newest files, then the list of all where there are more."""
    found = list(files.select_related("campaign")[: SHOWN + 1])
    for file in found[:SHOWN]:
        url = reverse("admin:conventions_convention_change", args=[file.pk])
        yield f"{file} ({file.get_state_display()})", url
    if len(found) > SHOWN:
        query = {"q": sought, "campaign": "all"}
        yield (
            "Toutes ses conventions",
            reverse("admin:conventions_convention_changelist", query=query),
        )


def _of_person(person: User, user: User) -> Iterator[tuple[str, str]]:
    mine = collectivity_scope(user)
    for collectivity in person.collectivities.filter(mine)[:SHOWN]:
        yield _payer(collectivity)
    if person.is_staff:
        query = {"agent": person.pk, "campaign": "all"}
        yield (
            "Dossiers qui lui sont confiés",
            reverse("admin:conventions_convention_changelist", query=query),
        )
