"""The time that the files of one request may take together, whoever reads them.

Each reader has limits of its own; forty files just within them would hold a request for ever.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.core.exceptions import ValidationError

# The proxy waits two minutes (deploy/nginx.conf): what was read is then recorded and printed.
MAX_SECONDS = 80

# When it ends, of time.monotonic(), from the first file on; None where there is no request.
_ends: ContextVar[list[float] | None] = ContextVar("ends", default=None)


class OutOfTime(ValidationError):
    """The files of this request have had their time: one was not read, or not to its end."""

    code = "out_of_time"

    def __init__(self) -> None:
        super().__init__(
            "Le site n'a pas eu le temps de lire ce fichier avec les autres : il n'est pas gardé. "
            "Enregistrez d'abord ce qui est gardé, puis déposez-le seul.",
            code=self.code,
        )


@contextmanager
def together() -> Iterator[None]:
    """Have whatever is read within share MAX_SECONDS."""
    before = _ends.set([])
    try:
        yield
    finally:
        _ends.reset(before)


def seconds_left() -> float | None:
    """Return how long a file may take, None where no request waits; raises OutOfTime."""
    ends = _ends.get()
    if ends is None:
        return None
    if not ends:
        ends.append(time.monotonic() + MAX_SECONDS)
    left = ends[0] - time.monotonic()
    if left <= 0:
        raise OutOfTime
    return left
