"""A database or a disk that does not do its part: the page says so, and when to come back."""

import contextlib
import errno
import sqlite3

import pytest
from django.contrib.auth.decorators import login_not_required
from django.db import connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.http import HttpResponse
from django.urls import path

from jobs.processes import limit_statements

pytestmark = pytest.mark.urls(__name__)
on_postgresql = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="SQLite n'a pas cette limite."
)
on_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="Propre à SQLite.")
NOBODY_LISTENS = 1


@login_not_required
def slow(request):
    with contextlib.closing(impatient()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    return HttpResponse()


def impatient():
    """A connection beside the tests' own, which a statement given up would leave unusable."""
    settings = connections.settings["default"]
    options = {**settings["OPTIONS"], "options": "-c statement_timeout=20ms"}
    return DatabaseWrapper({**settings, "OPTIONS": options})


@login_not_required
def locked(request, file):
    with sqlite3.connect(file) as first, connection.wrap_database_errors:
        first.execute("BEGIN IMMEDIATE")
        sqlite3.connect(file, timeout=0).execute("BEGIN IMMEDIATE")
    return HttpResponse()


@login_not_required
def unreachable(request):
    elsewhere = {"HOST": "127.0.0.1", "PORT": NOBODY_LISTENS, "NAME": "conventions"}
    settings = connections.settings["default"]
    blank = dict.fromkeys(("USER", "PASSWORD"), "")
    DatabaseWrapper({**settings, **blank, **elsewhere, "OPTIONS": {}}).ensure_connection()
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
    path("locked/<path:file>", locked),
    path("unreachable/", unreachable),
    path("full/", full),
    path("broken/", broken),
]


@pytest.fixture
def answer(client, db):
    client.raise_request_exception = False
    return client.get


@on_postgresql
def test_a_statement_that_takes_too_long_is_said(answer):
    page = answer("/slow/")
    assert page.status_code == 503
    assert "demande trop de temps" in page.content.decode()


@on_sqlite
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


@on_postgresql
def test_a_process_gives_up_its_long_statements(db, monkeypatch):
    settings = connections.settings["default"]
    monkeypatch.setitem(settings, "OPTIONS", {**settings["OPTIONS"]})
    monkeypatch.setattr(connections, "close_all", lambda: None)
    limit_statements(7)
    fresh = connections.create_connection("default")
    with fresh.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        (limit,) = cursor.fetchone()
        cursor.execute("SHOW jit")
        (jit,) = cursor.fetchone()
    fresh.close()
    assert (limit, jit) == ("7s", "off")
