"""An older version's database is told from one that fits, and set aside whole."""

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from config import leftovers

pytestmark = pytest.mark.django_db


@pytest.fixture
def record():
    return MigrationRecorder(connection)


@pytest.fixture
def var(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    return tmp_path


def test_the_database_of_these_migrations_fits():
    assert leftovers.fits()


def test_a_migration_of_ours_that_is_gone_does_not_fit(record):
    record.record_applied("schools", "0042_gone")

    assert not leftovers.fits()


def test_a_library_may_have_forgotten_its_migrations(record):
    record.record_applied("account", "0001_long_ago")

    assert leftovers.fits()


def test_tables_that_another_text_of_the_same_migrations_made_do_not_fit():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE schools_school RENAME COLUMN name TO title")

    assert not leftovers.fits()


def test_a_database_that_is_only_behind_fits(record):
    (newest,) = leftovers.MigrationLoader(connection).graph.leaf_nodes("schools")
    record.record_unapplied(*newest)

    assert leftovers.fits()


def test_what_is_set_aside_is_the_database_with_its_documents_and_e_mails(var):
    for name in ("db.sqlite3", "db.sqlite3-wal"):
        (var / name).write_text(name)
    for name in ("media", "mails", "static", "certificates"):
        (var / name).mkdir()

    aside = leftovers.set_aside()

    assert {path.name for path in aside.iterdir()} == {
        "db.sqlite3",
        "db.sqlite3-wal",
        "media",
        "mails",
    }
    assert {path.name for path in var.iterdir()} == {aside.name, "static", "certificates"}


def test_what_is_forgotten_leaves_what_people_put_there(var):
    (var / "db.sqlite3").touch()
    (var / "media").mkdir()
    (var / "media" / "a.pdf").touch()
    (var / "certificates").mkdir()

    leftovers.forget()

    assert [path.name for path in var.iterdir()] == ["certificates"]
