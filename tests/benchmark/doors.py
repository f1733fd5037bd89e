"""Whether time tells which addresses have an account: codes, links and passwords asked for.

Known and unknown addresses take turns, each from a network of its own, so that no limit slows
either; the mail server plays no part, since the worker sends. Passwords are hashed fifty times
faster than on a site: what differs beside that shows all the more, and the whole takes a minute
or two.
"""

import logging
import statistics
import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.test import Client, override_settings
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role

MANY = 200
# How far both medians may be apart, of the known addresses' one.
CLOSE = 0.1
_WAYS = {
    "Code par courriel": ("account_request_login_code", "email", {}),
    "Mot de passe oublié": ("account_reset_password", "email", {}),
    "Mauvais mot de passe": ("account_login", "login", {"password": "ce n'est pas lui"}),
}


class _FastHasher(PBKDF2PasswordHasher):
    iterations = PBKDF2PasswordHasher.iterations // 50


_SETTINGS: dict[str, Any] = {
    "PASSWORD_HASHERS": [f"{__name__}.{_FastHasher.__name__}"],
    "DELIVER_AT_ONCE": False,  # As a demonstration does.
    # Pages are answered without collectstatic.
    "STORAGES": settings.STORAGES
    | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}},
}


def measures() -> Iterator[tuple[str, float, float]]:
    """Yield for each way in its name and the medians, in seconds, of known and unknown addresses."""
    with override_settings(**_SETTINGS):
        yield from _measures()


def _measures() -> Iterator[tuple[str, float, float]]:
    logging.disable(logging.INFO)  # A demonstration tells the codes.
    password = make_password("mot de passe")
    User.objects.bulk_create(
        User(email=_address(number, is_known=True), role=Role.TOWN_HALL, password=password)
        for number in range(MANY)
    )
    network = iter(range(1, 10 * MANY))
    for name, (page, field, data) in _WAYS.items():
        taken: dict[bool, list[float]] = {True: [], False: []}
        for number in range(MANY):
            for is_known in (True, False):
                sent = {field: _address(number, is_known=is_known), **data}
                taken[is_known].append(_seconds(reverse(page), sent, next(network)))
        yield name, statistics.median(taken[True]), statistics.median(taken[False])


def _address(number: int, *, is_known: bool) -> str:
    return f"{'connue' if is_known else 'perdue'}{number:03d}@mairie.example.org"


def _seconds(url: str, data: dict[str, str], network: int) -> float:
    client = Client(
        REMOTE_ADDR=f"10.0.{network // 250}.{network % 250 + 1}", SERVER_NAME="127.0.0.1"
    )
    start = time.perf_counter()
    answer = client.post(url, data)
    taken = time.perf_counter() - start
    assert answer.status_code in (200, 302), f"{url}: {answer.status_code}"
    return taken
