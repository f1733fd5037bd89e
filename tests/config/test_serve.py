"""script/server's command refuses what it cannot serve in one French sentence, without a traceback."""

import os
import socket
import sqlite3
import subprocess
import sys

import pytest
from django.conf import settings

from config import leftovers
from config.management.commands import serve


def run(*arguments, **environment):
    """Run manage.py as people do; return its status and what it printed on the error output."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("HOST", "ALLOWED_HOSTS", "SECRET_KEY")
    }
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr


def refusal(*, fresh=False):
    with pytest.raises(serve.Refusal) as refused:
        serve.check_settings(fresh)
    return str(refused.value)


@pytest.fixture
def free(monkeypatch):
    """The environment with a port that nobody holds."""
    monkeypatch.delenv("HOST", raising=False)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = str(listener.getsockname()[1])
    monkeypatch.setenv("PORT", port)
    return {"PORT": port}


@pytest.fixture
def use_database(monkeypatch):
    return lambda name: monkeypatch.setitem(settings.DATABASES["default"], "NAME", str(name))


def test_the_demonstration_can_be_served_and_begun_again(free, use_database):
    use_database(leftovers.OWN_DATABASE)

    serve.check_settings(fresh=False)
    serve.check_settings(fresh=True)


def test_a_real_site_is_not_served_as_a_demonstration(settings, free):
    settings.DEMONSTRATION = False

    assert "script/server ne sert que la démonstration" in refusal()


def test_a_site_open_to_all_machines_is_told_the_name_they_use(monkeypatch, free):
    monkeypatch.setenv("HOST", "0.0.0.0")
    monkeypatch.delenv("ALLOWED_HOSTS", raising=False)
    assert refusal().startswith("HOST=0.0.0.0 répond à toutes les machines")

    monkeypatch.setenv("ALLOWED_HOSTS", "192.168.1.20")
    serve.check_settings(fresh=False)


def test_a_port_that_cannot_be_had_is_told(monkeypatch, free):
    monkeypatch.setenv("PORT", "abc")

    assert refusal().startswith("PORT=abc : un port est un nombre")


def test_a_database_in_memory_cannot_be_shared(free, use_database):
    use_database(":memory:")

    assert refusal().startswith("DATABASE_URL désigne une base en mémoire")


def test_a_database_elsewhere_is_never_emptied(free, use_database, tmp_path):
    use_database(tmp_path / "db.sqlite3")

    assert refusal(fresh=True).startswith("--fresh ne vide que var/")


def test_wrong_settings_are_a_sentence_for_every_command():
    status, told = run("check", DATABASE_URL="")

    assert status == 1
    assert told.startswith("DATABASE_URL est vide.")
    assert told.count("\n") == 1


def test_a_postgresql_that_does_not_answer_is_told(free):
    url = "postgres://agent:secret@127.0.0.1:1/conventions"

    status, told = run("serve", DATABASE_URL=url, **free)

    assert status == 1
    assert told.startswith("PostgreSQL ne répond pas à DATABASE_URL (")
    assert "secret" not in told
    assert told.count("\n") == 1


def test_a_database_of_another_version_is_never_moved_from_where_a_person_put_it(free, tmp_path):
    path = tmp_path / "db.sqlite3"
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE TABLE django_migrations (id integer PRIMARY KEY, app text, name text, applied text)"
        )
        database.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " VALUES ('conventions', '0999_other', '2026-01-01')"
        )

    status, told = run("serve", DATABASE_URL=f"sqlite:///{path}", **free)

    assert status == 1
    assert told.startswith("La base que désigne DATABASE_URL vient d'une autre version du site")
    assert path.exists()


def test_a_worker_started_before_the_site_says_what_is_missing(tmp_path):
    status, told = run("schedules", DATABASE_URL=f"sqlite:///{tmp_path}/db.sqlite3")

    assert status == 1
    assert told.startswith("La base de données ne répond pas, ou n'est pas prête (no such table")
    assert told.count("\n") == 1
