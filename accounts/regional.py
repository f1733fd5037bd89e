"""What the whole region shares: read by every agent, changed by those who follow all of it."""

from typing import NoReturn

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.access import user_of
from accounts.models import User

_NAMED = 5


def refuse_who_is_limited(request: HttpRequest) -> None:
    """Raises PermissionDenied for an agent of some départements, and says who can."""
    if user_of(request).is_regional:
        return
    names = [user.get_full_name() for user in User.objects.regional()[:_NAMED]]
    raise PermissionDenied(
        "Cela concerne toute la région, et votre compte est limité à des départements. "
        f"Adressez-vous à : {', '.join(names) or 'un administrateur'}."
    )


class RegionalImport:
    """Mixed into the admin of what a file of the whole region changes: says who imports it."""

    def refuse_import(self, request: HttpRequest) -> NoReturn:
        refuse_who_is_limited(request)
        raise PermissionDenied
