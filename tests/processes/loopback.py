"""A process that may reach this machine only: Python tells of every connection (PEP 578).

What the C library of PostgreSQL does is not seen, and goes where DATABASE_URL says.
"""

import ipaddress
import sys
from collections.abc import Callable
from functools import cache

_CONNECTIONS = ("socket.connect", "socket.sendto", "socket.sendmsg")
_LOOK_UPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")


class Outside(OSError):
    """Another host than this one was asked for."""


# Called with what was asked for, before it is refused.
listeners: list[Callable[[str], None]] = []


@cache
def refuse_other_hosts() -> None:
    """Raise Outside, for as long as this process lives, where another host is asked for."""
    sys.addaudithook(_look_at)


def _look_at(event, arguments):
    if event in _CONNECTIONS:
        address = arguments[1]
        # Elsewhere there is no host: the path of a Unix socket, a socket that is connected.
        host = address[0] if isinstance(address, tuple) else None
    elif event in _LOOK_UPS:
        # The look-up of an address asks nobody.
        host = None if _is_address(arguments[0]) else arguments[0]
    else:
        return
    if not _is_here(host):
        for listener in listeners:
            listener(f"{host} was asked for ({event})")
        raise Outside(f"tests may not reach {host}")


def _is_here(host) -> bool:
    if host in (None, "", "localhost", b"", b"localhost"):
        return True
    return _is_address(host) and ipaddress.ip_address(_text(host)).is_loopback


def _is_address(host) -> bool:
    try:
        ipaddress.ip_address(_text(host))
    except ValueError:
        return False
    return True


def _text(host) -> str:
    return host.decode() if isinstance(host, bytes) else str(host)
