"""Where the link of an e-mail leads: a page to read, and a click that opens the file."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from accounts.access import user_of
from conventions.models import Convention
from town_hall.links.opening import read, sign_in


@method_decorator([login_not_required, never_cache], name="dispatch")
class FileLink(TemplateView):
    """Say which file it opens, for whom; (POST) open it. Reading the page uses nothing up."""

    template_name = "town_hall/link.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.opening = read(kwargs["token"])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if convention := self._already_open():
            return redirect(convention)
        return self._page()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.opening.refusal and (response := sign_in(request, self.opening)):
            return response
        self.opening = read(kwargs["token"])
        return self._page()

    def _already_open(self) -> Convention | None:
        """Return the file when whoever is signed in sees it: the link is left for another time."""
        convention = self.opening.convention
        if convention is None or self.request.user.is_anonymous:
            return None
        seen = Convention.objects.for_user(user_of(self.request))
        return convention if seen.filter(pk=convention.pk).exists() else None

    def _page(self) -> HttpResponse:
        status = 410 if self.opening.refusal else 200
        return self.render_to_response(self.get_context_data(opening=self.opening), status=status)
