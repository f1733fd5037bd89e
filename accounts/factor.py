"""The second factor: of whom it is required, whether it was proved, and how lately.

A session knows how its person came in (allauth's records of authentication); "mfa" among
them is a factor: ours, or ProConnect's when its ID token says so.
"""

import datetime
import time
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from accounts.access import user_of
from accounts.models import User

# What weighs is done by who proved a factor within:
FRESH_FOR = datetime.timedelta(minutes=15)
# As long is a session that waits for its person to set up a factor.
TIME_TO_ENROL = datetime.timedelta(minutes=15)
OWN = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
PROCONNECT = "proconnect"


def is_required_of(user: User) -> bool:
    """Tell whether `user` opens nothing without a second factor.

    The demonstration does not ask for one (docs/decisions/0021-people-and-access.md); a
    deployment that does not either is refused by `check --deploy`.
    """
    return settings.SECOND_FACTOR_REQUIRED and user.is_agent


def has_own(user: AbstractBaseUser) -> bool:
    """Tell whether a person has set up a factor here."""
    return bool(is_mfa_enabled(user, OWN))


def is_proven(request: HttpRequest) -> bool:
    """Tell whether a factor was proved in this session."""
    return bool(_proofs(request))


def is_fresh(request: HttpRequest) -> bool:
    """Tell whether a factor was proved lately, or there is none to prove."""
    proofs = _proofs(request)
    return not proofs or time.time() - proofs[-1]["at"] < FRESH_FOR.total_seconds()


def demand_fresh(request: HttpRequest) -> None:
    """Have the person prove a factor anew, then go on with what was asked.

    Raises ReauthenticationRequired, which allauth's middleware answers.
    """
    if not is_fresh(request):
        raise ReauthenticationRequired


def record(request: HttpRequest, user: User, kind: str, **details: Any) -> None:
    """Keep in the session that a factor of this kind was proved."""
    record_authentication(request, user, "mfa", type=kind, **details)
    request.session.set_expiry(None)


def hurry(request: HttpRequest, user: User) -> None:
    """Shorten the session of who comes in without the factor that is required of them."""
    if is_required_of(user) and not is_proven(request):
        request.session.set_expiry(TIME_TO_ENROL)


def ways_to_prove(user: AbstractBaseUser | AnonymousUser) -> list[tuple[str, str]]:
    """Return the pages (name, label) where a person proves a factor anew, the usual one first."""
    if not isinstance(user, User):
        return []
    ways = []
    if is_mfa_enabled(user, [Authenticator.Type.TOTP]):
        ways.append(("mfa_reauthenticate", "Saisir un code"))
    if is_mfa_enabled(user, [Authenticator.Type.WEBAUTHN]):
        ways.append(("mfa_reauthenticate_webauthn", "Utiliser une clé d’accès"))
        if len(ways) == 1:
            ways.append(("mfa_reauthenticate", "Saisir un code de secours"))
    if not ways and user.proconnect_sub:
        ways.append(("proconnect", "Passer de nouveau par ProConnect"))
    return ways


def reset(user: User) -> None:
    """Take every factor away: the person sets one up again at the next sign-in."""
    Authenticator.objects.filter(user=user).delete()


def _proofs(request: HttpRequest) -> list[dict[str, Any]]:
    records = get_authentication_records(request, user_of(request))
    return [record for record in records if record["method"] == "mfa"]
