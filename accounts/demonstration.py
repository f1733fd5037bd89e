"""The people of the demonstration site. They never exist elsewhere (accounts/checks.py)."""

from typing import NamedTuple

from accounts.models import DEMONSTRATION_DOMAIN, User
from accounts.roles import Role
from communes.models import Collectivity

DEMONSTRATION_PASSWORD = "demonstration-ent"  # noqa: S105 (printed on the sign-in page)


class DemonstrationAccount(NamedTuple):
    name: str
    role: Role
    description: str
    first_name: str
    last_name: str
    collectivity_code: str = ""

    @property
    def email(self) -> str:
        return f"{self.name}@{DEMONSTRATION_DOMAIN}"


DEMONSTRATION_ACCOUNTS = [
    DemonstrationAccount(
        "mairie",
        Role.TOWN_HALL,
        "Mairie de Villeneuve-lès-Maguelone",
        "Camille",
        "Roux",
        "34337",
    ),
    DemonstrationAccount("mairie-agde", Role.TOWN_HALL, "Mairie d’Agde", "Inès", "Vidal", "34003"),
    DemonstrationAccount(
        "rectorat", Role.RECTORAT, "Rectorat : campagnes et conventions", "Claude", "Fabre"
    ),
    DemonstrationAccount(
        "finances", Role.FINANCE, "Finances : titres de perception", "Dominique", "Serre"
    ),
    DemonstrationAccount(
        "administrateur", Role.ADMINISTRATOR, "Administration du site", "Alix", "Combes"
    ),
]


def ensure_accounts() -> list[User]:
    """Create the demonstration accounts, or set them right again; return them.

    Raises Collectivity.DoesNotExist when the communes are not loaded yet.
    """
    return [_ensure_account(account) for account in DEMONSTRATION_ACCOUNTS]


def _ensure_account(account: DemonstrationAccount) -> User:
    user = User.objects.filter(email=account.email).first() or User(email=account.email)
    user.role = account.role
    user.first_name = account.first_name
    user.last_name = account.last_name
    user.is_active = True
    user.set_password(DEMONSTRATION_PASSWORD)
    user.save()
    if account.collectivity_code:
        own = [Collectivity.objects.get(code=account.collectivity_code)]
        user.collectivities.set(own)
        user.managed.set(own)
    return user
