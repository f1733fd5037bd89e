"""Roles, and what each may do in the admin site: the one table of permissions."""

from django.db import models


class Role(models.TextChoices):
    TOWN_HALL = "town_hall", "mairie"
    RECTORAT = "rectorat", "rectorat"
    FINANCE = "finance", "finances"
    ADMINISTRATOR = "administrator", "administrateur"


ADMIN_SITE_ROLES = frozenset({Role.RECTORAT, Role.ADMINISTRATOR})
# Those who must prove a second factor.
AGENTS = frozenset({Role.RECTORAT, Role.FINANCE, Role.ADMINISTRATOR})

VIEW = frozenset({"view"})
EDIT = frozenset({"view", "change"})
MANAGE = frozenset({"view", "add", "change"})

# Nothing is ever deleted: no role holds "delete".
PERMISSIONS: dict[str, dict[str, frozenset[str]]] = {
    Role.RECTORAT: {
        "communes.region": VIEW,
        "communes.academy": VIEW,
        "communes.department": VIEW,
        "communes.commune": EDIT,
        "communes.formercode": VIEW,
        "communes.collectivity": MANAGE,
        "communes.membership": MANAGE,
        "contacts.proposedmayor": EDIT,
        "schools.school": EDIT,
        "schools.takeover": VIEW,
        "accounts.user": VIEW,
        "invitations.invitation": frozenset({"view", "add"}),
        "documents.textmodel": MANAGE,
        "documents.document": VIEW,
        "campaigns.campaign": MANAGE,
        "conventions.convention": VIEW,
        "acts.act": VIEW,
        "conventions.enrolment": VIEW,
        "conventions.piece": VIEW,
        "lifecycle.journalentry": VIEW,
        "exchanges.notification": VIEW,
        "jobs.job": VIEW,
        "piles.pile": MANAGE,
    },
    Role.ADMINISTRATOR: {
        "communes.region": EDIT,
        "communes.academy": EDIT,
        "communes.department": EDIT,
        "communes.commune": EDIT,
        "communes.formercode": MANAGE,
        "communes.collectivity": MANAGE,
        "communes.membership": MANAGE,
        "contacts.proposedmayor": EDIT,
        "schools.school": EDIT,
        "schools.takeover": VIEW,
        "accounts.user": EDIT,
        "invitations.invitation": frozenset({"view", "add"}),
        "accounts.accessentry": VIEW,
        "documents.textmodel": MANAGE,
        "documents.document": VIEW,
        "campaigns.campaign": MANAGE,
        "conventions.convention": VIEW,
        "acts.act": VIEW,
        "conventions.enrolment": VIEW,
        "conventions.piece": VIEW,
        "lifecycle.journalentry": VIEW,
        "exchanges.notification": VIEW,
        "jobs.job": VIEW,
        "piles.pile": MANAGE,
    },
}


# What the whole region shares: an agent limited to départements reads it.
REGIONAL = frozenset({"campaigns.campaign", "documents.textmodel"})


def is_regional(permission: str) -> bool:
    """Tell whether Django's `permission` ("app.action_model") is to change what all share."""
    app, _, codename = permission.partition(".")
    action, _, model = codename.partition("_")
    return action != "view" and f"{app}.{model}" in REGIONAL


def has_permission(role: str, permission: str) -> bool:
    """Tell whether `role` holds Django's `permission` ("app.action_model")."""
    app, _, codename = permission.partition(".")
    action, _, model = codename.partition("_")
    return action in PERMISSIONS.get(role, {}).get(f"{app}.{model}", frozenset())


def has_app(role: str, app: str) -> bool:
    """Tell whether `role` sees anything of `app` in the admin site."""
    return any(name.startswith(f"{app}.") for name in PERMISSIONS.get(role, {}))
