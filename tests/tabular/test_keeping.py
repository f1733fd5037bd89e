"""Views and columns that are kept: what was kept before their tables moved is there after."""

import pytest

from tests.releases.stored import manage
from tests.temporary_database import temporary_database

KEEP = """
from accounts.models import User
from django.db import connection
by = User.objects.create(email="a@exemple.invalid").pk
with connection.cursor() as cursor:
    cursor.execute(
        "INSERT INTO lists_savedview (of, name, query, by_id, is_shared) VALUES (%s, %s, %s, %s, %s)",
        ["schools_school", "Les miennes", "q=agde", by, False],
    )
    cursor.execute(
        "INSERT INTO lists_chosencolumns (of, names, user_id) VALUES (%s, %s, %s)",
        ["schools_school", '["uai"]', by],
    )
"""
LOOK = """
from tabular.models import ChosenColumns, SavedView
print(SavedView.objects.values_list("of", "name", "query", "is_shared").get())
print(ChosenColumns.objects.get().names)
SavedView.objects.create(of="claims", name="Une autre", by_id=SavedView.objects.get().by_id)
"""


@pytest.mark.django_db  # On each database.
def test_what_was_kept_moves_with_its_tables(migrated, tmp_path):
    with temporary_database(tmp_path, copy_of=migrated) as url:
        manage(url, tmp_path, "migrate", "lists", "0001", "--verbosity", "0")
        manage(url, tmp_path, "shell", "--no-imports", "-c", KEEP)
        manage(url, tmp_path, "migrate", "--no-input", "--verbosity", "0")
        seen = manage(url, tmp_path, "shell", "--no-imports", "-c", LOOK).splitlines()
    assert seen == ["('schools_school', 'Les miennes', 'q=agde', False)", "['uai']"]
