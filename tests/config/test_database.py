"""DATABASE_URL: what it may name, and one sentence for what it may not."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.database import POSTGRESQL, SQLITE, database


def test_an_sqlite_file_gets_its_folder(tmp_path):
    settings = database(f"sqlite:///{tmp_path}/nouveau/db.sqlite3")

    assert settings["ENGINE"] == SQLITE
    assert (tmp_path / "nouveau").is_dir()


def test_postgresql_is_read_whole():
    settings = database("postgres://agent:secret@base.exemple.fr:5433/conventions")

    assert settings["ENGINE"] == POSTGRESQL
    assert (settings["HOST"], settings["PORT"]) == ("base.exemple.fr", 5433)
    assert (settings["NAME"], settings["USER"]) == ("conventions", "agent")


@pytest.mark.parametrize("url", ["", "  "])
def test_an_empty_url_is_told(url):
    with pytest.raises(ImproperlyConfigured, match=r"DATABASE_URL est vide\. Pour SQLite"):
        database(url)


@pytest.mark.parametrize(
    "url", ["conventions", "mysql://a:b@c/d", "postgres://", "postgres://a:b@c:port/d"]
)
def test_what_names_no_database_is_told(url):
    with pytest.raises(ImproperlyConfigured, match="ne désigne aucune base de données"):
        database(url)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "fichier").touch()

    with pytest.raises(ImproperlyConfigured, match="ne peut pas être écrite dans"):
        database(f"sqlite:///{tmp_path}/fichier/db.sqlite3")
