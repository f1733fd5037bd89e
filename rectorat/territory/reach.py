"""How many collectivities of a campaign an e-mail reaches, by département."""

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q

from accounts.models import User
from accounts.roles import Role
from communes.models import Department
from conventions.campaigns.models import Campaign
from conventions.models import Convention


@dataclass(frozen=True)
class Reach:
    """Of the collectivities that have a file: those with an address, with an account, with either."""

    collectivities: int = 0
    with_address: int = 0
    with_account: int = 0
    reached: int = 0

    def __add__(self, other: "Reach") -> "Reach":
        return Reach(
            self.collectivities + other.collectivities,
            self.with_address + other.with_address,
            self.with_account + other.with_account,
            self.reached + other.reached,
        )

    @property
    def unreached(self) -> int:
        return self.collectivities - self.reached

    @property
    def percent(self) -> int:
        """Those reached, of a hundred; never a hundred while one is missing."""
        return 100 * self.reached // self.collectivities if self.collectivities else 0


def reach_by_department(campaign: Campaign, user: User) -> list[tuple[Department, Reach]]:
    """Count, by département, whom an e-mail about a living file reaches.

    As `file_facts` addresses it: the collectivity's own address, its active accounts.
    """
    accounts = User.objects.filter(
        collectivities=OuterRef("collectivity"), is_active=True, role=Role.TOWN_HALL
    )
    address, account = ~Q(collectivity__email=""), Q(has_account=True)
    rows = (
        Convention.objects.for_user(user)
        .living()
        .filter(campaign=campaign)
        .annotate(has_account=Exists(accounts))
        .order_by()
        .values_list("collectivity__department")
        .annotate(
            files=Count("pk"),
            addressed=Count("pk", filter=address),
            opened=Count("pk", filter=account),
            reached=Count("pk", filter=address | account),
        )
    )
    found = {department: Reach(*counts) for department, *counts in rows}
    departments = Department.objects.filter(pk__in=found).order_by("code")
    return [(department, found[department.pk]) for department in departments]
