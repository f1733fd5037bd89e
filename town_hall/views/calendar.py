"""The town hall's deadlines in its own diary, by an address that only it knows."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from accounts.access import role_required, user_of
from accounts.roles import Role
from conventions.dossiers.agenda import calendar_of
from conventions.exchanges.models import CalendarSubscription


@method_decorator(role_required(Role.TOWN_HALL), name="dispatch")
class CalendarPage(TemplateView):
    """Show one's address; create, renew or revoke it (POST)."""

    template_name = "town_hall/calendar.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        live = CalendarSubscription.objects.live()
        subscription = live.filter(user=user_of(self.request)).first()
        return super().get_context_data(subscription=subscription, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        action = request.POST.get("action")
        if action == "renew":
            CalendarSubscription.renew(user_of(request))
            messages.success(request, "Votre adresse de calendrier est prête.")
        elif action == "revoke":
            CalendarSubscription.revoke(user_of(request))
            messages.success(request, "L'adresse est révoquée : elle ne répond plus.")
        else:
            raise Http404
        return redirect("calendar")


@require_safe
@login_not_required
def calendar_file(request: HttpRequest, token: str) -> HttpResponse:
    """Send the deadlines of the person whose address this is; a diary cannot sign in.

    Nothing on the way keeps a copy, so that a revoked address is dead at once.
    """
    subscriptions = CalendarSubscription.objects.live().select_related("user")
    subscription = get_object_or_404(subscriptions, token=token)
    response = HttpResponse(
        calendar_of(subscription.user), content_type="text/calendar; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="conventions-ent-ecole.ics"'
    response["Cache-Control"] = "private, no-store"
    return response
