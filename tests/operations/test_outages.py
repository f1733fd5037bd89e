"""A database or a disk that does not do its part: the page says so, and when to come back."""

import errno
from contextlib import closing

import psycopg
import pytest
from django.contrib.auth.decorators import login_not_required
from django.db import OperationalError, connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper as Postgresql
from django.db.backends.sqlite3.base import DatabaseWrapper as Sqlite
from django.http import HttpResponse
from django.urls import path

from jobs.processes import limit_statements
from operations.outages import Outage, outage_of

pytestmark = pytest.mark.urls(__name__)
NOBODY_LISTENS = 1


@login_not_required
def slow(request):
    # As PostgreSQL says it, on the other database too.
    with postgresql(NAME="any").wrap_database_errors:
        raise psycopg.errors.QueryCanceled("canceling statement due to statement timeout")


@login_not_required
def held(request):
    with postgresql(NAME="any").wrap_database_errors:
        raise psycopg.errors.LockNotAvailable("canceling statement due to lock timeout")


@login_not_required
def locked(request, file):
    with closing(sqlite(file)) as first, closing(sqlite(file)) as second:
        for connection in (first, second):
            connection.cursor().execute("BEGIN IMMEDIATE")
    return HttpResponse()


def postgresql(**settings):
    """A connection of its own to a PostgreSQL, not yet opened."""
    blank = dict.fromkeys(("USER", "PASSWORD", "HOST", "PORT"), "")
    return Postgresql({**connections.settings["default"], **blank, "OPTIONS": {}, **settings})


def sqlite(file):
    """A connection of its own to a file, that waits for nobody."""
    mine = {"NAME": file, "OPTIONS": {"timeout": 0}}
    return Sqlite({**connections.settings["default"], **mine})


@login_not_required
def unreachable(request):
    postgresql(HOST="127.0.0.1", PORT=NOBODY_LISTENS, NAME="conventions").ensure_connection()
    return HttpResponse()


@login_not_required
def full(request):
    raise OSError(errno.ENOSPC, "No space left on device")


@login_not_required
def broken(request):
    raise KeyError("a fault of ours")


handler500 = "config.views.failed"
urlpatterns = [
    path("slow/", slow),
    path("held/", held),
    path("locked/<path:file>", locked),
    path("unreachable/", unreachable),
    path("full/", full),
    path("broken/", broken),
]


@pytest.fixture
def answer(client, db):
    client.raise_request_exception = False
    return client.get


def test_a_statement_that_takes_too_long_is_said(answer):
    page = answer("/slow/")
    assert page.status_code == 503
    assert "demande trop de temps" in page.content.decode()


def test_a_row_that_another_holds_is_said(answer):
    page = answer("/held/")
    assert page.status_code == 503
    assert "très occupé" in page.content.decode()


def test_a_database_that_others_write_to_is_said(answer, tmp_path):
    page = answer(f"/locked/{tmp_path / 'other.sqlite3'}")
    assert page.status_code == 503
    assert "très occupé" in page.content.decode()


def test_a_database_that_does_not_answer_is_said(answer):
    page = answer("/unreachable/")
    assert page.status_code == 503
    assert "ne joint pas sa base de données" in page.content.decode()
    assert page["Retry-After"] == "30"


def test_a_full_disk_is_said(answer):
    page = answer("/full/")
    assert page.status_code == 503
    assert "plus de place" in page.content.decode()


def test_a_fault_of_the_site_stays_one(answer):
    page = answer("/broken/")
    assert page.status_code == 500
    assert "a rencontré une erreur" in page.content.decode()


def test_a_process_gives_up_its_long_statements(db, monkeypatch):
    settings = connections.settings["default"]
    monkeypatch.setitem(settings, "OPTIONS", {**settings["OPTIONS"]})
    monkeypatch.setattr(connections, "close_all", lambda: None)
    before = dict(settings["OPTIONS"])
    limit_statements(1)
    if connection.vendor == "sqlite":
        assert settings["OPTIONS"] == before
        return
    with closing(connections.create_connection("default")) as fresh:
        with pytest.raises(OperationalError) as given_up, fresh.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(30)")
        assert outage_of(given_up.value) is Outage.TOO_LONG


def test_a_limit_that_the_database_is_given_by_its_address_wins(monkeypatch):
    own = "-c statement_timeout=90s"
    monkeypatch.setitem(connections.settings["default"], "OPTIONS", {"options": own})
    monkeypatch.setattr(connections, "close_all", lambda: None)
    limit_statements(1)
    # PostgreSQL takes the last.
    assert connections.settings["default"]["OPTIONS"]["options"].endswith(own)
