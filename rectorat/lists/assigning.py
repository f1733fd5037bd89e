"""Files given to an agent: asked on a page that says how many, done at once."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.models import User
from accounts.roles import ADMIN_SITE_ROLES
from accounts.scope import collectivity_scope
from communes.admin_base import ScopedAdmin
from conventions.models import Convention
from jobs.selection import read_keys, write_keys
from rectorat.lists.models import Assignment


class AgentChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: User) -> str:
        return obj.get_full_name()


class AssignForm(forms.Form):
    agent = AgentChoice(
        label="Agent",
        required=False,
        empty_label="Personne en particulier",
        queryset=User.objects.filter(role__in=ADMIN_SITE_ROLES, is_active=True).order_by(
            "last_name", "first_name", "pk"
        ),
    )


def assign(conventions: QuerySet[Convention], agent: User | None) -> tuple[int, int]:
    """Give the files of a queryset to `agent`, or to nobody.

    Return how many files changed hands, and how many were left: outside the agent's départements.
    """
    asked = set(conventions.order_by().values_list("pk", flat=True))
    if agent is None:
        Assignment.objects.filter(convention__in=asked).delete()
        return len(asked), 0
    within = Convention.objects.filter(collectivity_scope(agent, "collectivity"), pk__in=asked)
    keys = sorted(within.order_by().values_list("pk", flat=True))
    Assignment.objects.bulk_create(
        [Assignment(convention_id=key, agent=agent) for key in keys],
        batch_size=500,
        update_conflicts=True,
        unique_fields=["convention"],
        update_fields=["agent", "at"],
    )
    return len(keys), len(asked) - len(keys)


class AssigningMixin(ScopedAdmin):
    """Adds « Confier à un agent » to the list of conventions."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.assign_view)
        return [path("assign/", view, name="conventions_convention_assign"), *super().get_urls()]

    @admin.action(description="Confier à un agent")
    def ask_to_assign(self, request: HttpRequest, queryset: QuerySet[Convention]) -> HttpResponse:
        return self._ask_whom(request, queryset, AssignForm())

    def assign_view(self, request: HttpRequest) -> HttpResponse:
        """Ask to whom the files whose keys are given go, or (POST) give them."""
        keys = read_keys(request.POST.get("conventions") or request.GET.get("conventions", ""))
        chosen = self.get_queryset(request).filter(pk__in=keys)
        form = AssignForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            return self._ask_whom(request, chosen, form)
        agent = form.cleaned_data["agent"]
        given, left = assign(chosen, agent)
        whom = (
            f"confiés à {agent.get_full_name()}" if agent else "confiés à personne en particulier"
        )
        messages.success(request, f"Dossiers {whom} : {given}.")
        if left:
            messages.warning(
                request, f"Dossiers laissés de côté, hors des départements de cet agent : {left}."
            )
        if given == 1 and len(keys) == 1:
            return redirect("admin:conventions_convention_change", chosen.get().pk)
        return redirect("admin:conventions_convention_changelist")

    def _ask_whom(
        self, request: HttpRequest, chosen: QuerySet[Convention], form: AssignForm
    ) -> HttpResponse:
        keys = list(chosen.order_by("pk").values_list("pk", flat=True))
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": "Confier à un agent",
            "form": form,
            "keys": write_keys(keys),
            "count": len(keys),
        }
        return TemplateResponse(request, "admin/conventions/convention/assign.html", context)
