"""The electronic signatures of a file that came in, examined by a process of its own.

A signature is a program's food: certificates that vouch for one another in circles, nested
structures, lists of revocation as long as one likes. Whatever it does to who reads it, it does
it to that process (`incoming.confined`).
"""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from documents.received.verdicts import NOTHING_SIGNED, Examination, Found, Verdict
from incoming import confined

logger = logging.getLogger(__name__)

_PROGRAM = "documents.received.signatures"
_MOMENTS = ("certificate_from", "certificate_until", "signed_at", "timestamped_at")


def examine_apart(content: bytes) -> Examination:
    """Return what can be said of the signatures of a PDF; never raises.

    The authorities trusted are those of settings.TRUSTED_CERTIFICATES_DIR. A file that breaks
    the limits has one signature, which could not be verified.
    """
    if b"/ByteRange" not in content:  # Most are not signed, and a process takes a while to start.
        return NOTHING_SIGNED
    folder, now = str(settings.TRUSTED_CERTIFICATES_DIR), datetime.now(UTC).isoformat()
    try:
        answer = json.loads(confined.run_on(content, _PROGRAM, folder, now))
    except (confined.Failed, ValueError) as failure:
        logger.warning("A signed PDF could not be examined: %s", failure)
        return Examination((Found(Verdict.UNVERIFIABLE),))
    return Examination(tuple(map(_found, answer["signatures"])), tuple(answer["contains"]))


def _found(written: dict[str, Any]) -> Found:
    moments = {name: written[name] and datetime.fromisoformat(written[name]) for name in _MOMENTS}
    return Found(**written | moments | {"verdict": Verdict(written["verdict"])})
