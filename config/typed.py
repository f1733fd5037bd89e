"""Every form arrives as its writer saw it, whatever it was pasted from (`typography.unseen`)."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from typography.unseen import as_seen

# A secret is what it is, to the last sign.
_AS_THEY_ARE = "password"


class SeenAsTyped:
    """Leaves out of what is sent the signs that nobody sees, before any page reads it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]
    ) -> None:
        sent = request.POST
        seen = {
            name: [as_seen(value) for value in values]
            for name, values in sent.lists()
            if _AS_THEY_ARE not in name
        }
        if any(values != sent.getlist(name) for name, values in seen.items()):
            typed = sent.copy()
            for name, values in seen.items():
                typed.setlist(name, values)
            request.POST = typed  # type: ignore[assignment]
