"""What somebody says once per session: for which collectivity they work, who they are."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import FormView, TemplateView

from accounts import acting
from accounts.access import role_required, user_of
from accounts.forms import PersonNameForm
from accounts.roles import Role


@method_decorator(role_required(Role.TOWN_HALL), name="dispatch")
class CollectivityChoice(TemplateView):
    """Ask for which of their collectivities somebody works; (POST) work for it."""

    template_name = "account/collectivity_choice.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = user_of(self.request)
        return super().get_context_data(
            collectivities=acting.collectivities_of(user),
            chosen=user.acting_for,
            next=next_page(self.request),
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        asked = request.POST.get("code")
        mine = acting.collectivities_of(user_of(request))
        collectivity = next((each for each in mine if each.code == asked), None)
        if collectivity is None:
            raise Http404
        acting.choose(request, collectivity)
        messages.success(request, f"Vous travaillez pour {collectivity}.")
        return redirect(next_page(request))


@method_decorator(role_required(Role.TOWN_HALL), name="dispatch")
class PersonName(FormView):
    """Ask who uses a shared mailbox; (POST) keep the name for this session."""

    form_class = PersonNameForm
    template_name = "account/person_name.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not user_of(request).is_shared:
            return redirect("home")
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(next=next_page(self.request), **kwargs)

    def form_valid(self, form: PersonNameForm) -> HttpResponse:
        acting.give_name(self.request, form.cleaned_data["name"])
        return redirect(next_page(self.request))


def next_page(request: HttpRequest) -> str:
    """Return where somebody was going, if that is on this site; the front door otherwise."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else reverse("home")
