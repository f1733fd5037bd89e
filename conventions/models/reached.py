"""Who is written to at a town hall beside the collectivity itself: its active accounts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from accounts.models import User
from accounts.roles import Role
from communes.models import Collectivity


def accounts_of(collectivity: Collectivity) -> list[str]:
    """Return the addresses of the active accounts of a town hall."""
    # Through `users`, which a page about many files fetches beforehand.
    people = collectivity.users.all()
    return [user.email for user in people if user.is_active and user.role == Role.TOWN_HALL]


def accounts_of_each(collectivities: Iterable[int]) -> Mapping[int, list[str]]:
    """Return the same of each of these keys, in one query; nothing else is read of thousands."""
    found = defaultdict(list)
    people = User.objects.filter(
        collectivities__in=list(collectivities), is_active=True, role=Role.TOWN_HALL
    )
    for collectivity, email in people.order_by().values_list("collectivities", "email"):
        found[collectivity].append(email)
    return found
