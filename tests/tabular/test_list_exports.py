"""The lists of the admin site as files: exactly the rows that their filters show."""

import csv
from io import BytesIO, StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from tests.factories import (
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    SchoolFactory,
    UserFactory,
    sign_by_both,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

LISTS = (
    "communes_commune",
    "communes_collectivity",
    "schools_school",
    "conventions_convention",
    "conventions_enrolment",
    "lifecycle_journalentry",
)


@pytest.fixture
def agent(client, rectorat):
    client.force_login(rectorat)
    return client


def export(client, name, file_format="csv", **query):
    return client.get(reverse(f"admin:{name}_export", args=[file_format]), query)


def rows(response):
    text = response.getvalue().decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline=""), delimiter=";"))


def sheet(response):
    return load_workbook(BytesIO(response.getvalue())).active


@pytest.mark.parametrize("name", LISTS)
def test_an_export_has_the_rows_of_its_list_on_all_pages(agent, name, monkeypatch):
    for _ in range(3):
        sign_by_both(ConventionFactory())
    page = agent.get(reverse(f"admin:{name}_changelist"))
    listed = page.context["cl"].result_count
    assert reverse(f"admin:{name}_export", args=["xlsx"]) in page.content.decode()
    model_admin = page.context["cl"].model_admin
    monkeypatch.setattr(type(model_admin), "list_per_page", 2)
    assert listed > 2
    assert len(rows(export(agent, name))) == listed
    assert sheet(export(agent, name, "xlsx")).max_row == listed + 1


def test_filters_search_and_order_of_the_list_are_those_of_the_export(agent):
    names = ("Agde", "Agen-d'Aveyron", "Béziers")
    agde, agen, _ = (
        ConventionFactory(collectivity=CollectivityFactory(commune=CommuneFactory(name=name)))
        for name in names
    )
    sign_by_both(ConventionFactory(collectivity=CollectivityFactory(name="Agel")))
    query = {"q": "ag", "state__exact": "prepared", "o": "-2"}
    found = rows(export(agent, "conventions_convention", **query))
    assert [row["Référence"] for row in found] == [agen.reference, agde.reference]


def test_an_export_keeps_to_the_departements_of_the_agent(client, convention):
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    client.force_login(UserFactory(role="rectorat", departments=[gard]))
    assert [rows(export(client, name)) for name in LISTS] == [[]] * len(LISTS)


def test_dates_and_amounts_are_typed_in_the_spreadsheet_and_french_in_the_csv(agent, convention):
    sign_by_both(convention)
    (row,) = rows(export(agent, "conventions_convention"))
    assert (row["Montant"], row["Prise d'effet"]) == ("90,00", "10/10/2022")
    header, cells = sheet(export(agent, "conventions_convention", "xlsx")).rows
    typed = dict(zip([cell.value for cell in header], cells, strict=True))
    assert typed["Montant"].value == 90
    assert typed["Prise d'effet"].is_date
    assert typed["SIREN"].data_type == "s"


def test_a_name_that_would_run_as_a_formula_is_harmless(agent):
    SchoolFactory(name="=HYPERLINK(1)")
    (row,) = rows(export(agent, "schools_school"))
    assert row["Nom"] == "'=HYPERLINK(1)"


@pytest.mark.parametrize("name", LISTS)
def test_an_export_takes_the_same_queries_whatever_its_length(agent, name, signed_convention):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            export(agent, name).getvalue()
        return len(captured)

    before = queries()
    for _ in range(4):
        sign_by_both(ConventionFactory())
    assert queries() == before


def test_an_unknown_format_is_a_page_that_does_not_exist(agent):
    assert export(agent, "conventions_convention", "ods").status_code == 404


def test_a_senseless_filter_leads_back_to_the_list(agent):
    response = export(agent, "conventions_convention", sent_on__lte="demain")
    assert response.url == reverse("admin:conventions_convention_changelist")
