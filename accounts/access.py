"""Who is asking, and which roles may open a page.

Whose files they then see is `accounts.scope`'s affair.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from accounts.models import User
from accounts.roles import Role

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def user_of(request: HttpRequest) -> User:
    """Return who is signed in, as LoginRequiredMiddleware has made sure of.

    Raises PermissionDenied on a page that is open to visitors.
    """
    if request.user.is_anonymous:
        raise PermissionDenied
    return request.user


def role_required(*roles: Role) -> Callable[[View[P]], View[P]]:
    """Return a view decorator that answers 403 to every role but `roles`.

    Whoever is not signed in has been sent to sign in before (LoginRequiredMiddleware).
    On a class: `@method_decorator(role_required(Role.FINANCE), name="dispatch")`.
    """

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if user_of(request).role not in roles:
                raise PermissionDenied("Cette page n'est pas ouverte à votre compte.")
            return view(request, *args, **kwargs)

        return guarded

    return decorate
