"""Filters of the agents' lists, one for every fact of a file.

A ModelAdmin that uses the territory's filters says in `department_path` which lookup
leads from its model to the département.
"""

import datetime
from collections.abc import Iterator
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst

from accounts.access import user_of
from accounts.models import User
from accounts.roles import ADMIN_SITE_ROLES
from accounts.scope import departments_of
from communes.models import Collectivity
from conventions.campaigns.models import Campaign
from conventions.lifecycle import Standing, State
from conventions.models import Convention
from conventions.situations import warnings
from conventions.situations.expectations import RULES
from conventions.situations.facts import SUBJECTS
from conventions.situations.facts import Subject as FactSubject
from conventions.situations.situation import expecting
from jobs.selection import read_keys
from rectorat.lists.choosing import Chip, DateRangeFilter, ManyChoicesFilter
from rectorat.lists.models import Assignment


class CampaignFilter(SimpleListFilter):
    """The open campaigns unless one, or all, is asked for.

    All the open ones: next year's, once it opens, does not hide this year's.
    """

    title = "campagne"
    parameter_name = "campaign"
    OPEN = "open"
    ALL = "all"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.campaigns = list(Campaign.objects.all())
        self.default = self.OPEN if any(c.is_open for c in self.campaigns) else self.ALL
        self.chosen = self.value() or self.default
        self.lookup_choices = [
            (self.OPEN, "Campagnes ouvertes"),
            *((str(campaign.pk), campaign.school_year) for campaign in self.campaigns),
            (self.ALL, "Toutes les campagnes"),
        ]

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(self.ALL, "Toutes les campagnes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.chosen == self.ALL:
            return queryset
        if self.chosen == self.OPEN:
            chosen = [campaign for campaign in self.campaigns if campaign.is_open]
        else:
            chosen = [campaign for campaign in self.campaigns if str(campaign.pk) == self.chosen]
        # Its year as well: rows of one year alone are not put in order of the years.
        years = [campaign.start_year for campaign in chosen]
        return queryset.filter(campaign__in=chosen, campaign__start_year__in=years)

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for value, label in self.lookup_choices:
            yield {
                "selected": value == self.chosen,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": label,
            }

    def chips(self, changelist: ChangeList) -> Iterator[Chip]:
        """Which campaigns are shown, always; what is not chosen cannot be taken away."""
        label = dict(self.lookup_choices).get(self.chosen, self.chosen)
        is_default = self.chosen == self.default
        without = "" if is_default else changelist.get_query_string(remove=[self.parameter_name])
        yield Chip(str(label), without)


class StateFilter(ManyChoicesFilter):
    title = "état"
    parameter_name = "state__in"
    alias = "state__exact"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(state.value, capfirst(state.label)) for state in State]

    def condition(self, value: str, today: datetime.date) -> Q:
        return Q(state=value)


class KindFilter(ManyChoicesFilter):
    title = "nature de la collectivité"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(kind.value, kind.label) for kind in Collectivity.Kind]

    def condition(self, value: str, today: datetime.date) -> Q:
        return Q(collectivity__kind=value)


class AcademyFilter(ManyChoicesFilter):
    title = "académie"
    parameter_name = "academy"
    lookup = "academy__code"

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        self.path = f"{model_admin.department_path}__{self.lookup}"
        super().__init__(request, params, model, model_admin)

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        academies = {
            d.academy.code: d.academy.name
            for d in departments_of(user_of(request)).select_related("academy")
        }
        return sorted(academies.items(), key=lambda item: item[1])

    def condition(self, value: str, today: datetime.date) -> Q:
        return Q(**{self.path: value})


class DepartmentFilter(AcademyFilter):
    title = "département"
    parameter_name = "department"
    lookup = "code"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [
            (d.code, str(d)) for d in departments_of(user_of(request)).select_related("academy")
        ]


class AgentFilter(ManyChoicesFilter):
    """Whose file it is; `me` is whoever looks, so that a shared view serves everybody."""

    title = "agent"
    parameter_name = "agent"
    ME, NOBODY = "me", "nobody"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        # Asked of each agent, and not read of all files.
        follows = Exists(Assignment.objects.filter(agent=OuterRef("pk")))
        agents = User.objects.filter(follows, role__in=ADMIN_SITE_ROLES)
        return [
            (self.ME, "À moi"),
            (self.NOBODY, "À personne"),
            *(
                (str(agent.pk), agent.get_full_name())
                for agent in agents.order_by("last_name", "pk")
            ),
        ]

    def condition(self, value: str, today: datetime.date) -> Q:
        if value == self.NOBODY:
            return Q(assignment__isnull=True)
        agent = self.user.pk if value == self.ME else int(value)
        return Q(assignment__agent=agent)


class FactFilter(ManyChoicesFilter):
    """Facts about one thing (`conventions.situations.facts`)."""

    subject: FactSubject

    @classmethod
    def about(cls, subject: FactSubject) -> type["FactFilter"]:
        return type(
            f"{subject.key.title()}Filter",
            (cls,),
            {"subject": subject, "title": subject.title, "parameter_name": subject.key},
        )

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(fact.key, capfirst(fact.label)) for fact in self.subject.facts]

    def condition(self, value: str, today: datetime.date) -> Q:
        return {fact.key: fact for fact in self.subject.facts}[value].condition(today)


class ReminderFilter(ManyChoicesFilter):
    """How many reminders left, how long ago the last one did."""

    title = "relances"
    parameter_name = "reminders"
    CHOICES = (
        ("0", "Aucune", lambda today: Q(reminder_count=0)),
        ("1", "Une", lambda today: Q(reminder_count=1)),
        ("2", "Deux", lambda today: Q(reminder_count=2)),
        ("3+", "Trois ou plus", lambda today: Q(reminder_count__gte=3)),
        (
            "15d",
            "La dernière il y a plus de 15 jours",
            lambda today: Q(reminded_on__lt=today - datetime.timedelta(days=15)),
        ),
        (
            "30d",
            "La dernière il y a plus de 30 jours",
            lambda today: Q(reminded_on__lt=today - datetime.timedelta(days=30)),
        ),
    )

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(key, label) for key, label, _ in self.CHOICES]

    def condition(self, value: str, today: datetime.date) -> Q:
        return {key: condition for key, _, condition in self.CHOICES}[value](today)


class LateFilter(SimpleListFilter):
    title = "retard"
    parameter_name = "late"
    YES, NO = "yes", "no"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(self.YES, "Réponse attendue, date dépassée"), (self.NO, "Dans les temps")]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any]:
        if self.value() == self.NO:
            late = Convention.objects.late().order_by()
            return queryset.exclude(pk__in=late.values("pk"))
        return queryset.late() if self.value() == self.YES else queryset


class ExpectedFilter(ManyChoicesFilter):
    title = "attendu maintenant"
    parameter_name = "expected"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(rule.key, capfirst(rule.label)) for rule in RULES]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any]:
        return expecting(queryset, *self.values) if self.values else queryset


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


class WarningFilter(ManyChoicesFilter):
    title = "point à surveiller"
    parameter_name = "warning"
    NONE = "none"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [
            *((warning.key, warning.label) for warning in warnings.WARNINGS),
            (self.NONE, "Rien à surveiller"),
        ]

    def condition(self, value: str, today: datetime.date) -> Q:
        if value == self.NONE:
            unwarned = warnings.without_warning(Convention.objects.order_by())
            return Q(pk__in=unwarned.values("pk"))
        return warnings.condition(value, today)


class PlaceFilter(SimpleListFilter):
    """The files of one place of the map, by their keys: offered only to who comes from there."""

    title = "carte"
    parameter_name = "files"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        keys = self.value()
        return [(keys, "un même point")] if keys else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        keys = self.value()
        return queryset.filter(pk__in=read_keys(keys)) if keys else queryset


CONVENTION_FILTERS = (
    CampaignFilter,
    StateFilter,
    ExpectedFilter,
    LateFilter,
    *(FactFilter.about(subject) for subject in SUBJECTS),
    ReminderFilter,
    WarningFilter,
    StandingFilter,
    AgentFilter,
    KindFilter,
    AcademyFilter,
    DepartmentFilter,
    PlaceFilter,
    *(
        DateRangeFilter.on(field, title, name)
        for field, title, name in (
            ("sent_on", "envoyée", "sent"),
            ("accepted_on", "confirmée", "accepted"),
            ("act__dated_on", "acte pris", "dated"),
            ("act__executory_on", "acte exécutoire", "executory"),
            ("collectivity_signed_on", "signée par la collectivité", "signed"),
            ("region_signed_on", "signée par la région", "countersigned"),
            ("reminded_on", "dernière relance", "reminded"),
        )
    ),
)
