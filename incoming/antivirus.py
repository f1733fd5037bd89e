"""Files shown to ClamAV, where the site has one: its daemon's own protocol (clamd(8), INSTREAM)."""

import logging
import re
import socket
import struct
import time
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from incoming.deadline import seconds_left

logger = logging.getLogger(__name__)

# For files that are shown together; those of a request have one deadline (incoming.deadline).
MAX_SECONDS = 60
_CHUNK = 1024 * 1024
# An answer is one line: "stream: OK", "stream: <name> FOUND", "<reason> ERROR".
_MAX_ANSWER = 4096
_FOUND = re.compile(r"stream: (.+) FOUND")


def refuse_infected(*files: tuple[str, bytes]) -> None:
    """Raise ValidationError for a file in which ClamAV finds something, or that it cannot read.

    Each is given as (name, bytes). Nothing is asked where settings.CLAMAV_SOCKET is empty;
    nothing passes while it is set and nobody answers, or too slowly. Raises OutOfTime too.
    """
    if not settings.CLAMAV_SOCKET:
        return
    left = seconds_left()
    deadline = time.monotonic() + (MAX_SECONDS if left is None else min(left, MAX_SECONDS))
    for name, content in files:
        _refuse_infected(name, content, deadline)


def _refuse_infected(name: str, content: bytes, deadline: float) -> None:
    try:
        answer = _ask(content, deadline)
    except OSError as error:
        logger.error("ClamAV did not answer: %s", error)
        answer = ""
    if answer == "stream: OK":
        return
    if found := _FOUND.fullmatch(answer):
        logger.warning("ClamAV refused a file: %s", found[1])
        raise ValidationError(
            f"L'antivirus a reconnu un programme malveillant dans « {name} ». Ne l'ouvrez pas et "
            "prévenez votre service informatique.",
            code="infected",
        )
    if answer:
        logger.error("ClamAV answered: %s", answer)
    raise ValidationError(
        f"L'antivirus du site n'a pas pu examiner « {name} » : il n'est pas gardé. Déposez-le à "
        "nouveau dans quelques minutes.",
        code="not_scanned",
    )


def _ask(content: bytes, deadline: float) -> str:
    """Send the content in chunks, each after its length; an empty one ends it.

    Raises OSError, TimeoutError past the `deadline` of time.monotonic() among them.
    """
    with _connected(deadline) as daemon:
        daemon.sendall(b"zINSTREAM\0")
        for start in range(0, len(content), _CHUNK):
            chunk = content[start : start + _CHUNK]
            daemon.settimeout(_left(deadline))
            daemon.sendall(struct.pack("!L", len(chunk)) + chunk)
        daemon.sendall(struct.pack("!L", 0))
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < _MAX_ANSWER:
            daemon.settimeout(_left(deadline))
            received = daemon.recv(_MAX_ANSWER)
            if not received:
                break
            answer += received
    return answer.rstrip(b"\0").decode(errors="replace").strip()


def _connected(deadline: float) -> socket.socket:
    address = urlsplit(settings.CLAMAV_SOCKET)
    if address.scheme == "tcp":
        return socket.create_connection((address.hostname, address.port), timeout=_left(deadline))
    daemon = socket.socket(socket.AF_UNIX)
    try:
        daemon.settimeout(_left(deadline))
        daemon.connect(address.path)
    except OSError:
        daemon.close()
        raise
    return daemon


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError(f"more than {MAX_SECONDS} seconds")
    return left
