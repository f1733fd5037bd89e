"""Shared by every test: its day, its database, what it may not do, people and conventions."""

import datetime
import gc
import sqlite3
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings

from accounts.roles import Role
from lifecycle.triggers import install_triggers, remove_triggers

from . import event_loop
from .factories import ConventionFactory, UserFactory, sign_by_both

pytest_plugins = [
    "tests.access",
    "tests.clock",
    "tests.database",
    "tests.night",
    "tests.strict",
    "tests.strict.network",
    "tests.strict.order",
    "tests.strict.reading",
    "tests.strict.templates",
    "tests.validation",
    "tests.working",
]

# How long an example takes is the machine's matter, and what else it does.
settings.register_profile("timeless", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("timeless")

# Real data beside the product's checkout; not shipped with it.
REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    """Let the tests that share a process with the browser's run as if alone."""
    if item.get_closest_marker("e2e"):
        return (yield)
    with event_loop.set_aside():
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def emptied_between_tests():
    """Emptying SQLite deletes row by row, frozen ones too, which its triggers refuse.

    PostgreSQL truncates, which fires none.
    """
    operations = type(connection.ops)
    flush = operations.execute_sql_flush

    def flush_without_triggers(self, sql_list):
        remove_triggers(using=self.connection.alias)
        flush(self, sql_list)
        install_triggers(using=self.connection.alias)

    with pytest.MonkeyPatch.context() as patch:
        if connection.vendor == "sqlite":
            patch.setattr(operations, "execute_sql_flush", flush_without_triggers)
        yield


def pytest_collection_finish(session):
    """Let the collector leave alone what was imported: it lives as long as the process."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def private_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture(autouse=True)
def private_mails(settings, tmp_path):
    settings.MAILS_DIR = tmp_path / "mails"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the official exports; skips where it is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip("official exports (shared/data) are not beside this checkout")
    return REAL_DATA


@pytest.fixture
def rectorat(db):
    return UserFactory(role=Role.RECTORAT)


@pytest.fixture
def finance(db):
    return UserFactory(role=Role.FINANCE)


@pytest.fixture
def administrator(db):
    return UserFactory(role=Role.ADMINISTRATOR)


@pytest.fixture
def convention(db):
    """A prepared convention of two schools, with every detail of its collectivity."""
    return ConventionFactory()


@pytest.fixture
def signed_convention(convention):
    """The same, signed by both on 10/10/2022; its act deposited and published on 13/10/2022."""
    return sign_by_both(convention)


@pytest.fixture
def town_hall(convention):
    """A person of the town hall of `convention`."""
    return UserFactory(role=Role.TOWN_HALL, collectivities=[convention.collectivity])


@pytest.fixture
def day():
    """Shorthand for a date in French order: `day("13/10/2022")`."""
    return lambda text: datetime.datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007


@pytest.fixture
def database_of_several(transactional_db, tmp_path):
    """SQLite in memory knows one writer only: a copy in a file, as in production, for the test."""
    if connection.vendor != "sqlite" or not connection.is_in_memory_db():
        yield
        return
    connection.ensure_connection()
    in_memory, settings = connection.connection, connection.settings_dict
    name, path = settings["NAME"], str(tmp_path / "file.sqlite3")
    target = sqlite3.connect(path)
    in_memory.backup(target)
    target.close()
    connection.connection, settings["NAME"] = None, path
    yield
    connection.close()
    connection.connection, settings["NAME"] = in_memory, name
