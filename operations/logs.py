"""Logs as one JSON object a line: what happened, in which request, and no secret.

An address may hold a token, a code or what somebody searched for: its route is logged instead.
"""

import datetime
import json
import logging
from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest

# The request that is being answered, "" outside of any.
request_id: ContextVar[str] = ContextVar("request_id", default="")


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON, with what its `extra` calls `event`."""
        moment = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        line: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
        }
        if identifier := request_id.get():
            line["request"] = identifier
        line |= getattr(record, "event", {})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def route_of(request: HttpRequest) -> str:
    """Return the pattern of the address that was asked for, "" for none of ours."""
    return request.resolver_match.route if request.resolver_match else ""


def _message(record: logging.LogRecord) -> str:
    """Return what a record says; Django's own would say the whole address."""
    request = getattr(record, "request", None)
    if not isinstance(request, HttpRequest):
        return record.getMessage()
    reason = str(record.args[0]) if isinstance(record.args, tuple) and record.args else ""
    said = reason if reason and not reason.startswith("/") else record.levelname
    return f"{said}: {route_of(request)}"
