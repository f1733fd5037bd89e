"""The loop that Playwright keeps "running" in its process, from one test to the next."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def set_aside() -> Iterator[None]:
    """Let what is in the block run as if alone.

    Django would keep other connections, and refuse every query; pyHanko could not start a loop
    of its own (docs/decisions/0007).
    """
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)
