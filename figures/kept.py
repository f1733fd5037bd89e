"""Figures of each département, kept while nothing that they read changes there.

What is kept says of which day and which mark it is (`figures.models.Change`), and
serves for these alone: it is never stale, whatever becomes of the cache.
"""

import logging
import tomllib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import caches
from django.db.models import QuerySet
from django.utils import timezone

from communes.models import Department
from figures.models import with_marks

logger = logging.getLogger(__name__)
# What can be computed again: a host's own files, for the marks are in the database.
cache = caches["files"]
_DAY = 24 * 60 * 60
# Another release may count otherwise.
_RELEASE = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text("utf-8"))["project"][
    "version"
]
_NOTHING: tuple[Any, Any] = (None, None)

Figures = TypeVar("Figures")


def of_departments(
    what: str,
    departments: QuerySet[Department],
    count: Callable[[list[int]], Mapping[int, Figures]],
) -> list[tuple[Department, Figures]]:
    """Return the figures of each département that has some; `count` counts those that changed.

    The marks are read first: what is counted after knows at least the changes that they tell.
    """
    today = timezone.localdate()
    marked: list[Any] = list(with_marks(departments))
    states = {each.pk: (_RELEASE, today, each.mark, each.mark_of_all) for each in marked}
    kept = _read(what)
    missing = [key for key, state in states.items() if kept.get(key, _NOTHING)[0] != state]
    if missing:
        counted = count(missing)
        kept |= {key: (states[key], counted.get(key)) for key in missing}
        _write(what, kept)
    return [(each, kept[each.pk][1]) for each in marked if kept[each.pk][1] is not None]


def _read(what: str) -> dict[int, Any]:
    """Return what is kept of each département: its state, and its figures (None without any)."""
    try:
        return cache.get(f"figures:{what}") or {}
    except Exception:  # Whatever a folder out of reach says: the database still counts.
        logger.warning("The cache does not answer: figures are counted", exc_info=True)
        return {}


def _write(what: str, kept: dict[int, Any]) -> None:
    # Of two writers at once the last is kept: what the other counted is counted once more.
    try:
        cache.set(f"figures:{what}", kept, _DAY)
    except Exception:
        logger.warning("The cache does not answer: figures are not kept", exc_info=True)
