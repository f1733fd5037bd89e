"""DATABASE_URL: what it may name, and one sentence for what it may not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config.database import POSTGRESQL, SQLITE, database

ELSEWHERE = Path("ailleurs.sqlite3")


def test_without_a_url_it_is_a_file_in_a_folder_of_any_name(tmp_path):
    path = tmp_path / "à l'école, 100 % + #1" / "db.sqlite3"

    assert database(None, path) == {"ENGINE": SQLITE, "NAME": str(path)}
    assert path.parent.is_dir()


def test_an_sqlite_file_gets_its_folder(tmp_path):
    found = database(f"sqlite:///{tmp_path}/nouveau/db.sqlite3", ELSEWHERE)

    assert found["ENGINE"] == SQLITE
    assert (tmp_path / "nouveau").is_dir()


def test_postgresql_is_read_whole():
    found = database("postgres://agent:secret@base.exemple.fr:5433/conventions", ELSEWHERE)

    assert found["ENGINE"] == POSTGRESQL
    assert (found["HOST"], found["PORT"]) == ("base.exemple.fr", 5433)
    assert (found["NAME"], found["USER"]) == ("conventions", "agent")


def test_what_the_url_tells_the_server_is_told_after_what_the_site_does():
    url = "postgres://agent@127.0.0.1:1/conventions?options=-c%20jit%3Don%20-c%20search_path%3Dent"
    program = "from config.settings import DATABASES; print(DATABASES['default']['OPTIONS'])"
    told = subprocess.run(
        [sys.executable, "-c", program],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url, "DEMONSTRATION": "1"},
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert told.strip() == "{'options': '-c jit=off -c jit=on -c search_path=ent'}"


@pytest.mark.parametrize("url", ["", "  "])
def test_an_empty_url_is_told(url):
    with pytest.raises(ImproperlyConfigured, match=r"DATABASE_URL est vide\. Pour SQLite"):
        database(url, ELSEWHERE)


@pytest.mark.parametrize(
    "url", ["conventions", "mysql://a:b@c/d", "postgres://", "postgres://a:b@c:port/d"]
)
def test_what_names_no_database_is_told(url):
    with pytest.raises(ImproperlyConfigured, match="ne désigne aucune base de données"):
        database(url, ELSEWHERE)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "fichier").touch()

    with pytest.raises(ImproperlyConfigured, match="ne peut pas être écrite dans"):
        database(f"sqlite:///{tmp_path}/fichier/db.sqlite3", ELSEWHERE)
