"""Rows that come in no order fail the test, or come the other way round.

A database gives rows as it likes. A list read without an order fails as soon as it has two
rows. `order_by()`, empty, says that the order is no matter: its rows are turned round, so
that code that counts on one fails too.
"""

import sys
from pathlib import Path

import allauth
import django
import pytest
import simple_history
from django.db.models import QuerySet
from django.db.models import query as query_module

from . import note

_DJANGO = Path(django.__file__).parent
# Who may read without an order, by its file: what it reads is a set to it.
UNORDERED_READERS = {
    _DJANGO / "contrib/auth/management/__init__.py": "permissions, after a migration",
    _DJANGO / "contrib/contenttypes/models.py": "kinds of content, by their model",
    _DJANGO / "contrib/contenttypes/management/__init__.py": "the same, after a migration",
    _DJANGO / "db/migrations/recorder.py": "which migrations were applied",
    _DJANGO / "db/models/deletion.py": "what goes with a row that is deleted",
    Path(allauth.__file__).parent / "mfa/base/forms.py": "factors, any of which may serve",
    Path(simple_history.__file__).parent / "models.py": "the links that a version keeps",
}


@pytest.fixture(scope="session", autouse=True)
def rows_in_no_order():
    """Note the lists that are read without an order; turn round those that say they need none."""
    fetch_all, iterator = QuerySet._fetch_all, QuerySet.iterator

    def fetch_all_or_note(queryset):
        is_new = queryset._result_cache is None
        fetch_all(queryset)
        if not is_new or queryset.ordered:
            return
        rows = queryset._result_cache
        if _is_cut(queryset, rows) or (len(rows) > 1 and queryset.query.default_ordering):
            _note_unordered(queryset)
        else:
            rows.reverse()

    def iterate_or_note(queryset, *args, **kwargs):
        for number, row in enumerate(iterator(queryset, *args, **kwargs)):
            if number == 1 and not queryset.ordered and queryset.query.default_ordering:
                _note_unordered(queryset)
            yield row

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QuerySet, "_fetch_all", fetch_all_or_note)
        patch.setattr(QuerySet, "iterator", iterate_or_note)
        yield


def _is_cut(queryset, rows) -> bool:
    """Tell whether other rows could have come instead of these."""
    low, high = queryset.query.low_mark, queryset.query.high_mark
    return bool(rows) and (low > 0 or (high is not None and len(rows) == high - low))


def _note_unordered(queryset):
    reader = _reader()
    if Path(reader.f_code.co_filename) not in UNORDERED_READERS:
        note(
            f"{reader.f_code.co_filename}:{reader.f_lineno}: rows of "
            f"{queryset.model.__name__} are read in no order"
        )


def _reader():
    """Return the frame that asks for the rows, past the ORM's own."""
    own = {__file__, query_module.__file__}
    frame = sys._getframe(1)
    while frame.f_code.co_filename in own:
        frame = frame.f_back
    return frame
