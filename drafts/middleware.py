"""A form that was sent and that its page never read: kept for whoever the page was made for.

The session had ended, or another one had begun in a second tab, or a page broke: what was
typed waits for the same account, and comes back when it opens the page. No verb runs by
itself: a person reads it again, and sends it.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from accounts.models import User
from drafts.forms import tell_sound
from drafts.models import Draft
from drafts.seal import owner_of

SIGN_IN = (
    "Votre session avait pris fin : rien n'a été envoyé, et ce que vous avez saisi est gardé. "
    "Connectez-vous avec le même compte : la page revient comme vous l'aviez remplie."
)
SEND_AGAIN = (
    "La page datait d'une autre connexion : rien n'a été envoyé. Voici ce que vous aviez saisi : "
    "relisez-le, puis envoyez-le de nouveau."
)


class UnreadForms:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        page = _unread_page(request)
        owner_id = page and owner_of(request.POST.get("draft_seal", ""), request.path)
        if not owner_id or not User.objects.filter(pk=owner_id, is_active=True).exists():
            return response
        fields = page.form_class.base_fields
        sound, refused = tell_sound(fields, request.FILES)
        Draft.objects.keep(
            owner_id,
            request.path,
            typed=dict(request.POST.lists()),
            files=sound,
            title=page.title,
        )
        if request.user.is_anonymous:
            messages.warning(request, SIGN_IN)
        elif request.user.pk == owner_id and response.status_code == 403:
            messages.warning(request, SEND_AGAIN)
        for name, refusal in refused.items():
            messages.warning(request, f"{fields[name].label} : {' '.join(refusal.messages)}")
        # What the token of another session refused is shown by the page itself.
        return redirect(request.path) if response.status_code == 403 else response


def _unread_page(request: HttpRequest) -> Any:
    """Return the class of the page that a form was sent to and that has not read it, or None."""
    if request.method != "POST" or request.resolver_match is None:
        return None
    page = getattr(request.resolver_match.func, "view_class", None)
    is_read = getattr(request, "form_was_read", False)
    is_visit = getattr(request.user, "visiting", None)
    return page if getattr(page, "keeps_drafts", False) and not is_read and not is_visit else None
