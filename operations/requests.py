"""A line of the log for each request, under an identifier that the answer gives back."""

import logging
import re
import time
import uuid
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from operations.logs import request_id, route_of

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"
_GIVEN = re.compile(r"[\w-]{8,64}")


class RequestLog:
    """Names the request, by its proxy's identifier if there is one, and logs its answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get(HEADER, "")
        identifier = given if _GIVEN.fullmatch(given) else uuid.uuid4().hex
        began, token = time.monotonic(), request_id.set(identifier)
        try:
            if settings.ALLAUTH_TRUSTED_PROXY_COUNT and "X-Forwarded-For" not in request.headers:
                _say_that_visitors_look_alike()
            response = self.get_response(request)
            response.headers[HEADER] = identifier
            _log(request, response, round((time.monotonic() - began) * 1000))
        finally:
            request_id.reset(token)
        return response


def _log(request: HttpRequest, response: HttpResponseBase, milliseconds: int) -> None:
    event = {
        "method": request.method,
        "route": route_of(request),
        "status": response.status_code,
        "ms": milliseconds,
    }
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        event |= {"account": user.pk, "role": user.role}
    logger.info("request", extra={"event": event})


@cache
def _say_that_visitors_look_alike() -> None:
    """Say it once a process."""
    logger.warning(
        "No X-Forwarded-For came with a request, and TRUSTED_PROXY_COUNT=%s: attempts to sign in "
        "are counted as if all came from the proxy. Have it set that header, or set "
        "TRUSTED_PROXY_COUNT=0.",
        settings.ALLAUTH_TRUSTED_PROXY_COUNT,
    )
