"""The rows chosen in a list, as one field of a page that asks before it acts."""

import re
from collections.abc import Iterable

from django.http import Http404

_KEYS = re.compile(r"^\d{1,18}(,\d{1,18})*$")


def write_keys(keys: Iterable[int]) -> str:
    """Return primary keys as one value: thousands stay under the limit on fields."""
    return ",".join(map(str, keys))


def read_keys(value: str) -> list[str]:
    """Return the keys that `write_keys` wrote. Raises Http404 for anything else."""
    if not _KEYS.match(value):
        raise Http404
    return value.split(",")
