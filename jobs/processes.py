"""What a process is held to: to end with the one that started it, to give up what takes too long."""

import ctypes
import sys

from django.db import connections

_PR_SET_PDEATHSIG = 1


def end_with_parent(signal: int) -> None:
    """Have the kernel send `signal` to this process when its parent ends, however it does.

    prctl(2), so on Linux; elsewhere this does nothing.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal)


def limit_statements(seconds: int) -> None:
    """Have PostgreSQL give up each statement of this process, and of those it forks, after `seconds`.

    Who waits for a row that another holds gives up in half of that: it is another thing to say.
    SQLite knows no such limits. A limit that DATABASE_URL sets itself wins.
    """
    options = connections.settings["default"]["OPTIONS"]
    if "options" in options:
        limits = f"-c statement_timeout={seconds}s -c lock_timeout={seconds * 500}ms"
        options["options"] = f"{limits} {options['options']}"
        connections.close_all()
