"""Lists whose rows grow with the years: in the order of an index, and never read whole."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AccessEntry
from conventions.exchanges.models import Notification
from conventions.models import Convention, Enrolment
from documents.models import Document
from lifecycle.models import JournalEntry
from tests.factories import ConventionFactory

BY_DATE = (AccessEntry, Document, JournalEntry)


@pytest.mark.parametrize("model", BY_DATE)
def test_a_list_by_date_has_an_index_in_its_order(model):
    name = model._meta.ordering[0].removeprefix("-")
    indexed = {index.fields[0] for index in model._meta.indexes}
    assert name in indexed or model._meta.get_field(name).db_index


def test_the_journal_of_one_campaign_has_its_own():
    assert ["campaign", "at", "id"] in [index.fields for index in JournalEntry._meta.indexes]


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Convention, Document, JournalEntry, Notification])
def test_a_list_counts_what_it_shows_and_tells_no_rows_apart(client, administrator, model):
    """A count of all beside, or a filter that lists which values occur, reads every row."""
    ConventionFactory().send(by=administrator)
    client.force_login(administrator)
    pages = admin.site.get_model_admin(model)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    with CaptureQueriesContext(connection) as queries:
        assert client.get(reverse(name)).status_code == 200
    table = f'FROM "{pages.model._meta.db_table}"'
    ours = [query["sql"] for query in queries if table in query["sql"]]
    assert len([sql for sql in ours if "COUNT(" in sql]) == 1
    assert not [sql for sql in ours if "DISTINCT" in sql]


@pytest.mark.django_db
def test_a_number_of_results_is_told_of_who_searches(client, administrator):
    client.force_login(administrator)
    people = reverse("admin:accounts_user_changelist")
    assert "1 résultat (" in client.get(people, {"q": administrator.email}).text
    assert "1 résultat (" in client.get(people, {"is_active__exact": "1"}).text
    assert "résultat" not in client.get(people).text


@pytest.mark.django_db
@pytest.mark.both_databases
@pytest.mark.parametrize("per_page", [2, 100])
def test_enrolments_are_counted_without_their_payers_and_shown_with_them(
    client, administrator, monkeypatch, per_page
):
    """Of a list that asks about payers, all of them are read: it is the same list."""
    monkeypatch.setattr(admin.site.get_model_admin(Enrolment), "list_per_page", per_page)
    ConventionFactory(schools_count=3)
    client.force_login(administrator)
    address = reverse("admin:conventions_enrolment_changelist")
    with CaptureQueriesContext(connection) as queries:
        shown = client.get(address).context["cl"]
    ours = [query["sql"] for query in queries if 'FROM "conventions_enrolment"' in query["sql"]]
    (counted,) = [sql for sql in ours if sql.startswith("SELECT COUNT(")]
    columns = [name for name in shown.list_display if name != "action_checkbox"]
    by_town = f"{columns.index('commune_name') + 1}.{columns.index('uai') + 1}"
    asked = client.get(address, {"o": by_town}).context["cl"]

    assert "communes_commune" not in counted
    assert "payer_id" in asked.queryset.query.annotations
    assert shown.result_count == asked.result_count == 3
    payers = [(row.pk, row.payer_name) for row in shown.result_list]
    assert payers == [(row.pk, row.payer_name) for row in asked.result_list]
    assert {name for _, name in payers} == {Convention.objects.get().collectivity.name}
    assert len(payers) == min(per_page, 3)
