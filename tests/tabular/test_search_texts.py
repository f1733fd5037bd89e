"""What lists are searched by: one text a row, which says what the row says, whoever writes."""

from contextlib import nullcontext
from io import StringIO

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db import OperationalError, connection
from django.urls import reverse

from communes.models import Collectivity, Commune
from conventions.models import Convention
from documents.models import Document
from tabular.admin_search import FoldedSearchMixin
from tabular.search_texts import install_indexes, searched_models
from tests.factories import CollectivityFactory, CommuneFactory, ConventionFactory, SchoolFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
# What grows with the years.
GROWING = ("conventions_convention", "lifecycle_journalentry", "exchanges_notification")


@pytest.fixture
def file():
    town = CollectivityFactory(
        commune=CommuneFactory(code="34247", name="Saint-Jean-de-Védas"),
        name="Saint-Jean-de-Védas",
        siren="213402704",
        siret="21340270400014",
        representative_first_name="Inès",
        representative_last_name="Vidal",
    )
    return ConventionFactory(collectivity=town, schools_count=1)


def text_of(file):
    return Convention.objects.values_list("search_text", flat=True).get(pk=file.pk)


def found(client, user, name, typed):
    client.force_login(user)
    page = client.get(reverse(f"admin:{name}_changelist"), {"q": typed})
    return page.context["cl"].result_count


def command(*arguments):
    out = StringIO()
    call_command("search_text", *arguments, stdout=out)
    return out.getvalue()


def test_a_file_holds_its_reference_and_what_its_collectivity_is_found_by(file):
    words = "saint jean de vedas 34247 21340270400014 ines vidal"
    assert text_of(file) == f"{file.reference.lower()} {words}"


def test_it_follows_its_collectivity_however_that_is_written(file):
    town = file.collectivity
    town.representative_last_name = "Ferrer"
    town.save()
    assert "ines ferrer" in text_of(file)
    Collectivity.objects.filter(pk=town.pk).update(search_text="lavérune")
    assert text_of(file) == f"{file.reference.lower()} lavérune"


def test_it_follows_its_reference_and_its_collectivity_of_another_day(file):
    other = CollectivityFactory(name="Lattes")
    Convention.objects.filter(pk=file.pk).update(reference="ENT-2026-X", collectivity=other)
    assert text_of(file).startswith("ent-2026-x lattes")


def test_an_older_copy_that_is_saved_writes_nothing_older(file):
    older = Convention.objects.get(pk=file.pk)
    Collectivity.objects.filter(pk=file.collectivity_id).update(search_text="lattes")
    older.save()
    assert text_of(file).endswith(" lattes")


@pytest.mark.parametrize("typed", ["St Jean", "saint-jean", "ST JEAN de védas", "vidal"])
def test_lists_that_grow_find_either_way_of_writing(client, administrator, file, typed):
    file.send(by=administrator)
    assert [found(client, administrator, name, typed) for name in GROWING] == [1, 1, 1]


def test_saint_is_found_as_it_is_abridged(client, administrator):
    ConventionFactory(collectivity=CollectivityFactory(name="St-Jean"))
    ConventionFactory(collectivity=CollectivityFactory(name="Castelnau"))
    assert found(client, administrator, "conventions_convention", "Saint Jean") == 1
    assert found(client, administrator, "conventions_convention", "st") == 1


def test_a_document_is_found_by_its_name_reference_and_fingerprint(client, administrator):
    kept = Document.freeze(b"%PDF", pages=1, by=None, name="Délibération n° 12.pdf")
    Document.freeze(b"%PDF-", pages=1, by=None, reference="ENT-2026-34003-C-K7XJ4R9P")
    for typed in ("deliberation 12", "Délibération", kept.sha256, kept.sha256[:12].upper()):
        assert found(client, administrator, "documents_document", typed) == 1, typed
    assert found(client, administrator, "documents_document", "ent-2026-34003-c-k7xj4r9p") == 1


def test_no_list_that_grows_looks_in_two_tables():
    """An index serves no choice between two tables."""
    for pages in admin.site._registry.values():
        if isinstance(pages, FoldedSearchMixin):
            assert len(pages.search_fields) == 1, pages


def test_the_command_finds_and_mends_what_no_longer_says_what_it_is_made_of(file):
    school = SchoolFactory(commune=file.collectivity.commune)
    Commune.objects.update(name="Jacou")
    said = command("--dry-run")
    assert f"école {school.pk}" in said
    assert "saint jean" in _text(school)
    command()
    assert "jacou" in _text(school)
    assert command() == "Textes de recherche périmés : 0\n"


def _text(school):
    return type(school).objects.values_list("search_text", flat=True).get(pk=school.pk)


def test_the_command_looks_at_every_text_that_lists_are_searched_by():
    searched = {model._meta.label for model in searched_models()}
    assert searched == {
        "communes.Commune",
        "communes.Collectivity",
        "schools.School",
        "conventions.Convention",
        "documents.Document",
    }


def test_each_text_is_indexed_by_its_trigrams_on_postgresql():
    is_postgresql = connection.vendor == "postgresql"
    assert install_indexes() is is_postgresql
    indexed = set()
    if is_postgresql:
        with connection.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_indexes WHERE indexdef LIKE '%gin_trgm_ops%'")
            indexed = {table for (table,) in cursor.fetchall()}
    expected = {model._meta.db_table for model in searched_models()} if is_postgresql else set()
    assert indexed == expected


class Said(Exception):
    """What PostgreSQL says, beneath Django's own error."""

    def __init__(self, sqlstate):
        self.sqlstate = sqlstate


def refused(sqlstate):
    """Have the database refuse what would create anything, for the reason of this code."""

    def refuse(execute, sql, *rest):
        if sql.startswith("CREATE"):
            raise OperationalError(sqlstate) from Said(sqlstate)
        return execute(sql, *rest)

    return connection.execute_wrapper(refuse)


def test_who_may_not_create_the_extension_goes_on_without_it():
    with refused("42501"):
        assert install_indexes() is False


def test_a_full_disk_is_not_taken_for_a_missing_extension():
    is_postgresql = connection.vendor == "postgresql"
    expected = pytest.raises(OperationalError) if is_postgresql else nullcontext()
    with refused("53100"), expected:
        assert install_indexes() is False
