"""What a process is held to: to end with the one that started it, to give up what takes too long.

And what it need not look at: what it has loaded, once and for all.
"""

import ctypes
import gc
import sys

from django.db import connections
from django.urls import get_resolver

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


def keep_what_is_loaded() -> None:
    """Load what every address leads to, and have Python look for garbage elsewhere from now on.

    Half a million objects that stay were walked through again and again: up to a fifth of the time
    of a page, and of work on thousands of files. Before a process forks, its children share them.
    What is made of the many rows of one file was walked through as it grew: it is looked at less
    often than by default (700), a quarter of the time of a large return less.
    """
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)
