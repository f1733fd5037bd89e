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
        host = arguments[0]
    else:
        return
    if not _is_here(host):
        for listener in listeners:
            listener(f"{host} was asked for ({event})")
        raise Outside(f"tests may not reach {host}")


def _is_here(host) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
