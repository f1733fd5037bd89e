"""One's own open sessions: seen, and ended one by one."""

from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.generic import TemplateView

from accounts import journal
from accounts.access import user_of


class Sessions(TemplateView):
    """List the sessions that still open; end one of them (POST)."""

    template_name = "account/sessions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = user_of(self.request)
        alive = Session.objects.filter(expire_date__gt=timezone.now())
        found = UserSession.objects.filter(
            user=user,
            session_key__in=alive.values("session_key"),
            # What was opened before a change of rights is open no more.
            created_at__gte=user.rights_since,
        )
        return super().get_context_data(sessions=found.order_by("-created_at", "pk"), **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        user = user_of(request)
        key = request.POST.get("session", "")
        session = get_object_or_404(
            UserSession, user=user, pk=int(key) if key.isdecimal() and len(key) < 18 else 0
        )
        is_current = session.is_current()
        session.end()
        journal.note(journal.Kind.SESSION, f"Session terminée ({session.ip})", person=user, by=user)
        if is_current:
            request.session.flush()
            return redirect("account_login")
        messages.success(request, "La session est terminée.")
        return redirect("sessions")
