"""A version's databases migrate: its migrations are as they were, its data arrives whole."""

import pytest

from tests.releases import stored
from tests.temporary_database import temporary_database

# Run with manage.py shell on the migrated database.
LOOK = """
from django.test import Client
from accounts.models import User
for name, address in (
    ("mairie", "/conventions/2022-2023/34337/"),
    ("mairie-agde", "/conventions/2026-2027/34003/"),
    ("rectorat", "/admin/conventions/convention/"),
    ("finances", "/titres/?campagne=2026"),
):
    visitor = Client(HTTP_HOST="localhost")
    visitor.force_login(User.objects.get(email__startswith=f"{name}@"))
    print(address, visitor.get(address).status_code)
"""


@pytest.mark.parametrize("version", stored.versions())
def test_no_migration_of_a_version_is_changed_or_removed(version):
    now = stored.migrations()
    then = stored.read_manifest(version)
    assert {path: now.get(path) for path in then} == then, (
        f"A migration of {version} has changed: its databases would not follow. "
        "Put it back, and write another one."
    )


@pytest.mark.django_db  # On each database.
@pytest.mark.parametrize("version", stored.versions())
def test_the_database_of_a_version_migrates_and_serves(version, tmp_path):
    with temporary_database(tmp_path) as url:
        stored.restore(url, version)
        stored.manage(url, tmp_path, "migrate", "--no-input", "--verbosity", "0")
        assert "déjà là" in stored.manage(url, tmp_path, "demo")
        seen = stored.manage(url, tmp_path, "shell", "--no-imports", "-c", LOOK).split()
    assert seen[1::2] == ["200"] * 4, seen


def test_a_version_is_kept():
    assert stored.versions()
