"""Whose files a person may see. Every view and every admin list goes through here."""

from django.db.models import Q

from .models import User
from .roles import Role


def collectivity_scope(user: User, path: str = "") -> Q:
    """Return the filter that leaves `user` what concerns their collectivities.

    `path` leads from the filtered model to its collectivity, as in a lookup
    ("collectivity", "convention__collectivity"); empty for Collectivity itself.
    A town hall sees its own, the rectorat its départements (all when none is set).
    """
    prefix = f"{path}__" if path else ""
    if user.role == Role.TOWN_HALL:
        return Q(**{f"{prefix}pk__in": user.collectivities.values("pk")})
    return user.department_scope(f"{prefix}department")
