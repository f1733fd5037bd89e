"""The rectorat opens what a collectivity sees, and leaves it again."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from django.views.generic import FormView
from dsfr.forms import DsfrBaseForm

from accounts.access import role_required, user_of
from accounts.roles import Role
from accounts.scope import collectivity_scope
from communes.models import Collectivity
from town_hall.support import begin, end


class SupportForm(DsfrBaseForm):
    reason = forms.CharField(
        label="Motif",
        max_length=200,
        help_text="Gardé dans le journal, que la collectivité lit aussi.",
    )


@method_decorator(role_required(Role.RECTORAT, Role.ADMINISTRATOR), name="dispatch")
class SupportStart(FormView):
    """Ask why, then (POST) see as the collectivity for half an hour."""

    form_class = SupportForm
    template_name = "town_hall/support.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(collectivity=self._collectivity(), **kwargs)

    def form_valid(self, form: SupportForm) -> HttpResponse:
        begin(self.request, self._collectivity(), reason=form.cleaned_data["reason"])
        return redirect("conventions")

    def _collectivity(self) -> Collectivity:
        in_scope = Collectivity.objects.filter(collectivity_scope(user_of(self.request)))
        return get_object_or_404(in_scope, code=self.kwargs["code"])


@require_POST
def support_end(request: HttpRequest) -> HttpResponse:
    """See as oneself again."""
    end(request)
    messages.success(request, "La consultation est terminée.")
    return redirect("home")
