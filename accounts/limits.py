"""How fast a door may be tried: slower after each failure, never shut for good.

Failures are counted by account and network, and by network alone; a browser that has signed
in to the account before has a count of its own. So whoever fails from elsewhere, again and
again, keeps nobody out. Each attempt is counted before it is made, and struck off when it
succeeds: a hundred at once are not a hundred for free.
"""

import datetime
import hashlib
import math
from dataclasses import dataclass

from allauth.core.internal.ratelimit import get_ip
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import Counter, Failures, User

# After so long without a failure all is forgotten.
FORGOTTEN_AFTER = datetime.timedelta(hours=1)
_COOKIE = "navigateur"
_COOKIE_AGE = datetime.timedelta(days=400)
_SALT = "accounts.browser"
# Accounts that one browser is known by: of a machine that many people use, the last ones.
_ACCOUNTS_A_BROWSER = 10


@dataclass(frozen=True)
class Pace:
    """`free` failures cost nothing; then one waits `first` seconds, twice as long each time."""

    free: int
    first: int
    longest: int

    def wait(self, failures: int) -> int:
        """Return how many seconds lie between two attempts after so many failures."""
        beyond = failures - self.free
        return 0 if beyond < 0 else min(self.first * 2 ** min(beyond, 20), self.longest)


OF_ACCOUNT = Pace(free=5, first=5, longest=60)
# A whole town hall, or a rectorat, behind one address.
OF_NETWORK = Pace(free=50, first=1, longest=30)


@dataclass(frozen=True)
class Attempt:
    """One attempt under way, counted as a failure until `succeed` says otherwise."""

    keys: tuple[str, ...]

    def succeed(self) -> None:
        """Forget the failures of the account from here; of the network, this attempt only."""
        account, *networks = self.keys
        Failures.objects.filter(key=account).delete()
        Failures.objects.filter(key__in=networks, count__gt=0).update(count=F("count") - 1)


def begin(request: HttpRequest, email: str) -> Attempt:
    """Count an attempt at the account of `email`, whether there is one or not.

    Raises ValidationError (French, with the seconds to wait) when it comes too soon; it is
    then not counted.
    """
    account, is_known = _account_key(request, email)
    paces = {account: OF_ACCOUNT}
    if not is_known:
        paces[_key("network", get_ip(request))] = OF_NETWORK
    # Counted while nobody else counts: of a hundred attempts at once, each sees the one before.
    with transaction.atomic():
        wait = max(_wait(key, pace) for key, pace in sorted(paces.items()))
        if wait:
            raise ValidationError(
                f"Trop d’essais rapprochés. Attendez {wait} seconde{'s' if wait > 1 else ''} "
                "avant de réessayer, ou recevez un code par courriel.",
                code="too_soon",
            )
        Failures.objects.filter(key__in=paces).update(count=F("count") + 1, last_at=timezone.now())
    return Attempt(tuple(paces))


def message_key(request: HttpRequest, email: str) -> str:
    """Return what messages asked for from here to `email` are counted under."""
    return _account_key(request, email)[0]


def remember_browser(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Let this browser be known as one that has signed in to the account."""
    known = [key for key in _known_accounts(request) if key != user.pk][-_ACCOUNTS_A_BROWSER + 1 :]
    response.set_cookie(
        _COOKIE,
        signing.dumps([*known, user.pk], salt=_SALT),
        max_age=_COOKIE_AGE,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )


def forget_old() -> int:
    """Delete the counts that count no more; return how many."""
    now = timezone.now()
    old = Failures.objects.filter(last_at__lt=now - FORGOTTEN_AFTER).delete()[0]
    return old + Counter.objects.filter(expires__lt=now).delete()[0]


def _account_key(request: HttpRequest, email: str) -> tuple[str, bool]:
    """Return the key of an account seen from here, and whether this browser is known."""
    email = email.strip().lower()
    # Asked alike whether there is such an account or not.
    user = User.objects.filter(email=email, pk__in=_known_accounts(request)).first()
    if user:
        return _key("browser", request.COOKIES[_COOKIE], str(user.pk)), True
    return _key("account", email, get_ip(request)), False


def _known_accounts(request: HttpRequest) -> list[int]:
    try:
        known: list[int] = signing.loads(
            request.COOKIES.get(_COOKIE, ""), salt=_SALT, max_age=_COOKIE_AGE
        )
    except signing.BadSignature:
        return []
    return known


def _key(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _wait(key: str, pace: Pace) -> int:
    """Return the seconds still to wait; the row of `key` is there, and locked, from here on."""
    now = timezone.now()
    Failures.objects.get_or_create(key=key, defaults={"last_at": now})
    row = Failures.objects.select_for_update().get(key=key)
    if row.last_at < now - FORGOTTEN_AFTER:
        Failures.objects.filter(key=key).update(count=0)
        return 0
    pause = pace.wait(row.count)
    left = math.ceil(pause - (now - row.last_at).total_seconds())
    # Of a clock that was set back, nobody waits until it is there again.
    return min(max(0, left), pause)
