"""What must not reach production (`manage.py check --deploy`)."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from accounts.models import DEMONSTRATION_DOMAIN, User


@register(Tags.security, deploy=True)
def check_mode(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse demonstration mode, the default secret key, DEBUG, agents let in by half or shut out."""
    if settings.DEMONSTRATION:
        yield Error(
            "Demonstration mode is on.",
            hint="Set DEMONSTRATION=0 and a SECRET_KEY of your own.",
            id="accounts.E001",
        )
    if settings.SECRET_KEY == settings.DEFAULT_SECRET_KEY:
        yield Error(
            "SECRET_KEY is the default one, which everybody can read.",
            hint="Set SECRET_KEY to a long random value.",
            id="accounts.E002",
        )
    if settings.DEBUG:
        yield Error("DEBUG is on.", hint="Unset DEBUG.", id="accounts.E003")
    if not settings.SECOND_FACTOR_REQUIRED:
        yield Error(
            "Agents come in without a second factor.",
            hint="Unset SECOND_FACTOR_REQUIRED.",
            id="accounts.E005",
        )
    if settings.PROCONNECT_ONLY_FOR_AGENTS and not settings.PROCONNECT_DISCOVERY_URL:
        yield Error(
            "ProConnect is the only way in for agents, and is not configured.",
            hint="Set PROCONNECT_DISCOVERY_URL, or unset PROCONNECT_ONLY_FOR_AGENTS.",
            id="accounts.E006",
        )


@register(Tags.database, deploy=True)
@register(Tags.security, deploy=True)
def check_demonstration_accounts(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse accounts whose passwords are printed in the documentation."""
    if settings.DEMONSTRATION:
        return
    try:
        count = User.objects.demonstration().filter(is_active=True).count()
    except DatabaseError:  # No table yet: nothing to refuse.
        return
    if count:
        yield Error(
            f"{count} demonstration account(s) (@{DEMONSTRATION_DOMAIN}) exist.",
            hint="Start production from an empty database, or deactivate them.",
            id="accounts.E004",
        )
