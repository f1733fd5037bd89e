"""Which roles may open a page. Whose files they then see is `accounts.scope`'s affair."""

from functools import wraps

from django.core.exceptions import PermissionDenied


def role_required(*roles):
    """Return a view decorator that answers 403 to every role but `roles`.

    Whoever is not signed in has been sent to sign in before (LoginRequiredMiddleware).
    On a class: `@method_decorator(role_required(Role.FINANCE), name="dispatch")`.
    """

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if request.user.role not in roles:
                raise PermissionDenied("Cette page n'est pas ouverte à votre compte.")
            return view(request, *args, **kwargs)

        return guarded

    return decorate
