"""Figures of each département, kept while nothing that they read changes there.

What is kept says of which day and which mark it is (`rectorat.figures.models.Change`), and
serves for these alone: it is never stale, whatever becomes of the cache.
"""

import logging
import tomllib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import cache
from django.db.models import QuerySet
from django.utils import timezone

from communes.models import Department
from rectorat.figures.models import with_marks

logger = logging.getLogger(__name__)
_DAY = 24 * 60 * 60
# Another release may count otherwise.
_RELEASE = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text("utf-8"))["project"][
    "version"
]

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
    names = {key: f"figures:{what}:{key}" for key in states}
    found = _read(names.values())
    figures: dict[int, Figures | None] = {}
    for key, name in names.items():
        state, kept = found.get(name, (None, None))
        if state == states[key]:
            figures[key] = kept
    missing = [key for key in states if key not in figures]
    if missing:
        counted = count(missing)
        figures |= {key: counted.get(key) for key in missing}
        _write({names[key]: (states[key], figures[key]) for key in missing})
    return [(each, kept) for each in marked if (kept := figures[each.pk]) is not None]


def _read(names: Iterable[str]) -> dict[str, Any]:
    try:
        return cache.get_many(list(names))
    except Exception:  # Whatever a cache out of reach says: the database still counts.
        logger.warning("The cache does not answer: figures are counted", exc_info=True)
        return {}


def _write(kept: dict[str, Any]) -> None:
    try:
        cache.set_many(kept, _DAY)
    except Exception:
        logger.warning("The cache does not answer: figures are not kept", exc_info=True)
