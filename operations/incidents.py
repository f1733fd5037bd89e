"""What fails, told to Sentry where SENTRY_DSN says so: where in the code, never of whom.

Loaded only then. What is sent is chosen, not struck out: an address, a form, a cookie, the words
of an exception may each name a person or open a door, and a library that learns to send more
sends no more from here.
"""

from typing import Any

import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.types import Event, Hint

from operations.logs import request_id

_KEPT = ("event_id", "timestamp", "platform", "level", "logger", "release", "environment", "sdk")
_KEPT_OF_FRAMES = ("filename", "module", "function", "lineno", "in_app", "context_line")


def start() -> None:
    """Have errors of this process reported from now on."""
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        environment=settings.SENTRY_ENVIRONMENT,
        integrations=[DjangoIntegration(signals_spans=False)],
        auto_enabling_integrations=False,
        before_send=chosen,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
    )


def chosen(event: Event, hint: Hint) -> Event:
    """Return what of an event may leave: its place in the code, and the log's own reference."""
    found: dict[str, Any] = dict(event)
    kept = {name: found[name] for name in _KEPT if name in found}
    kept["exception"] = {
        "values": [
            {
                "type": failure.get("type"),
                "module": failure.get("module"),
                "stacktrace": {"frames": _frames(failure)},
            }
            for failure in found.get("exception", {}).get("values", [])
        ]
    }
    said = found.get("logentry") or {}
    # What is filled in is left out; where nothing was to be filled in, all may be words of somebody.
    if said.get("params"):
        kept["logentry"] = {"message": said["message"]}
    if identifier := request_id.get():
        kept["tags"] = {"request": identifier}
    return kept  # type: ignore[return-value]


def _frames(failure: dict[str, Any]) -> list[dict[str, Any]]:
    frames = (failure.get("stacktrace") or {}).get("frames", [])
    return [{name: frame.get(name) for name in _KEPT_OF_FRAMES} for frame in frames]
