"""Filters shared by the lists of conventions and of enrolled schools.

A ModelAdmin that uses the territory's filters says in `department_path` which lookup
leads from its model to the département.
"""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.access import user_of
from accounts.models import User
from communes.models import Department
from conventions.campaigns.models import Campaign
from conventions.lifecycle import Standing
from conventions.situations import warnings
from conventions.situations.expectations import RULES
from conventions.situations.situation import expecting


def departments_of(user: User) -> QuerySet[Department]:
    """The départements an agent works for, with their académie."""
    departments = Department.objects.select_related("academy")
    if user.limited_to_departments:
        departments = departments.filter(pk__in=user.departments.values("pk"))
    return departments


class CampaignFilter(SimpleListFilter):
    """The newest open campaign unless another, or all, is asked for."""

    title = "campagne"
    parameter_name = "campaign"
    ALL = "all"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        current = Campaign.objects.newest_open()
        self.chosen = self.value() or (str(current.pk) if current else self.ALL)

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        years = [(str(campaign.pk), campaign.school_year) for campaign in Campaign.objects.all()]
        return [*years, (self.ALL, "Toutes les campagnes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.chosen == self.ALL:
            return queryset
        if not self.chosen.isdecimal():
            return queryset.none()
        return queryset.filter(campaign=int(self.chosen))

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for value, label in self.lookup_choices:
            yield {
                "selected": value == self.chosen,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": label,
            }


class AcademyFilter(SimpleListFilter):
    title = "académie"
    parameter_name = "academy"
    lookup = "academy__code"

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        self.path = f"{model_admin.department_path}__{self.lookup}"
        super().__init__(request, params, model, model_admin)

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        academies = {d.academy.code: d.academy.name for d in departments_of(user_of(request))}
        return sorted(academies.items(), key=lambda item: item[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.path: self.value()}) if self.value() else queryset


class DepartmentFilter(AcademyFilter):
    title = "département"
    parameter_name = "department"
    lookup = "code"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(d.code, str(d)) for d in departments_of(user_of(request))]


class LateFilter(SimpleListFilter):
    title = "retard"
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [("yes", "Réponse attendue, date dépassée")]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any]:
        return queryset.late() if self.value() == "yes" else queryset


class ExpectedFilter(SimpleListFilter):
    title = "attendu maintenant"
    parameter_name = "expected"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(rule.key, f"{rule.label[:1].upper()}{rule.label[1:]}") for rule in RULES]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any]:
        key = self.value()
        return queryset if key is None else expecting(queryset, key)


class OutdatedFilter(SimpleListFilter):
    title = "documents"
    parameter_name = "outdated"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [("yes", "À produire de nouveau")]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any]:
        return queryset.outdated() if self.value() == "yes" else queryset


class StandingFilter(SimpleListFilter):
    title = "validité"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(value, label[:1].upper() + label[1:]) for value, label in Standing.choices]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        if self.value() not in Standing:
            return queryset.none()
        return queryset.in_standing(self.value())


class WarningFilter(SimpleListFilter):
    title = "point à surveiller"
    parameter_name = "warning"
    NONE = "none"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [
            *((warning.key, warning.label) for warning in warnings.WARNINGS),
            (self.NONE, "Rien à surveiller"),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any]:
        key = self.value()
        if key is None:
            return queryset
        if key == self.NONE:
            return warnings.without_warning(queryset)
        known = {warning.key for warning in warnings.WARNINGS}
        return warnings.with_warning(queryset, key) if key in known else queryset.none()
