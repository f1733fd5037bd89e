"""Whose files a person may see. Every view and every admin list goes through here."""

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.roles import Role
from communes.models import Collectivity, Department


def collectivity_scope(user: User, path: str = "") -> Q:
    """Return the filter that leaves `user` what concerns their collectivities.

    `path` leads from the filtered model to its collectivity, as in a lookup
    ("collectivity", "convention__collectivity"); empty for Collectivity itself.
    A town hall sees its own, those merged into it and the one it was merged into; the
    rectorat its départements (all when none is set). Who works for several collectivities
    sees the one that they chose (`accounts.acting`).
    """
    prefix = f"{path}__" if path else ""
    if user.role == Role.TOWN_HALL:
        return Q(**{f"{prefix}pk__in": _keys_of_town_hall(user)})
    return user.department_scope(f"{prefix}department")


def _keys_of_town_hall(user: User) -> list[int]:
    """Return the keys of the collectivities that a person of a town hall sees.

    Read first: an index serves one to three keys, and no OR over three sub-queries. Once a
    request for who works for one: the middleware has read which.
    """
    if user.acting_for:
        return user.acting_for.keys_with_merged
    own = user.own_collectivities.knowing_predecessors()
    return sorted({key for each in own for key in each.keys_with_merged})


def covers(user: User, collectivity: Collectivity) -> bool:
    """Tell whether the files of `collectivity` are in the scope of `user`.

    Asked of a page's every action: from what was read of `user` once.
    """
    if user.role == Role.TOWN_HALL:
        return collectivity.pk in _keys_of_town_hall(user)
    return user.covers_department(collectivity.department_id)


def departments_of(user: User) -> QuerySet[Department]:
    """Return the départements whose files an agent sees: all, where the account names none."""
    return Department.objects.filter(user.department_scope("pk"))


def within_scope(user: User, annotation: str) -> Q:
    """Return the same filter where `annotation` holds the pk of the collectivity.

    Nothing is compared for who sees the whole region: the database is spared the query.
    """
    scope = collectivity_scope(user)
    if not scope:
        return Q()
    return Q(**{f"{annotation}__in": Collectivity.objects.filter(scope).order_by().values("pk")})
