"""Whether this process lives, and whether it can serve: for proxies and service managers.

Asked by an address of the network rather than by the site's name, without HTTPS nor session:
so answered before all that wants them.
"""

import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from documents.storage import document_storage
from operations.checks import can_be_written

logger = logging.getLogger(__name__)


class NotReady(Exception):
    """Why a part cannot serve."""


class Probes:
    """Answers /healthz and /readyz itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info == "/healthz":
            return _answer({"process": "ok"})
        if request.path_info == "/readyz":
            return _answer({name: _state(name, check) for name, check in CHECKS.items()})
        return self.get_response(request)


def _answer(parts: dict[str, str]) -> JsonResponse:
    is_well = all(state == "ok" for state in parts.values())
    response = JsonResponse(parts, status=200 if is_well else 503)
    response.headers["Cache-Control"] = "no-store"
    return response


def _state(name: str, check: Callable[[], object]) -> str:
    """Return "ok" or "failed": strangers may ask, so why is for the log alone."""
    try:
        check()
    except Exception as error:  # Whatever a part raises, the others are asked.
        logger.error("Not ready, %s: %s", name, error)
        return "failed"
    return "ok"


def _check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _check_migrations() -> None:
    if missing := _last_migrations() - MigrationRecorder(connection).applied_migrations().keys():
        raise NotReady(f"manage.py migrate was not run: {sorted(missing)}")


@cache
def _last_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def _check_storage() -> None:
    if settings.S3_BUCKET:
        document_storage().exists("readyz")  # Raises where the bucket does not answer.
        return
    if not can_be_written(Path(settings.MEDIA_ROOT)):
        raise NotReady(f"{settings.MEDIA_ROOT} cannot be written")


def _check_cache() -> None:
    caches["default"].get("readyz")


CHECKS = {
    "database": _check_database,
    "migrations": _check_migrations,
    "storage": _check_storage,
    "cache": _check_cache,
}
