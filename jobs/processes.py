"""Processes that end with the one that started them."""

import ctypes
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent(signal: int) -> None:
    """Have the kernel send `signal` to this process when its parent ends, however it does.

    prctl(2), so on Linux; elsewhere this does nothing.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal)
