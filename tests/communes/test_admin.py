"""Territory and collectivities in the admin site: scope, search, pages, entries."""

import pytest
from django.urls import reverse

from communes.models import Collectivity, Commune
from lifecycle.rereading import fingerprint
from tests.factories import (
    CollectivityFactory,
    CommuneFactory,
    DepartmentFactory,
    GroupingFactory,
    SchoolFactory,
)

pytestmark = pytest.mark.django_db

LISTS = [
    "communes_region",
    "communes_academy",
    "communes_department",
    "communes_formercode",
    "communes_commune",
    "communes_collectivity",
    "schools_school",
]


@pytest.fixture
def agent(client, rectorat):
    client.force_login(rectorat)
    return client


@pytest.fixture
def lozere():
    department = DepartmentFactory(code="48", name="Lozère", of_name="de la Lozère")
    commune = CommuneFactory(code="48095", name="Mende", department=department)
    return CollectivityFactory(commune=commune)


def url(name, *args):
    return reverse(f"admin:{name}", args=args)


@pytest.mark.parametrize("name", LISTS)
def test_the_number_of_queries_of_a_list_does_not_grow(agent, name, django_assert_max_num_queries):
    SchoolFactory()
    agent.get(url(f"{name}_changelist"))  # What is cached for the process is loaded.
    with django_assert_max_num_queries(12) as few:
        agent.get(url(f"{name}_changelist"))
    for _ in range(30):
        SchoolFactory()
    with django_assert_max_num_queries(len(few)):
        assert agent.get(url(f"{name}_changelist")).status_code == 200


def test_an_agent_of_one_departement_sees_its_rows_only(client, rectorat, lozere):
    SchoolFactory(name="École de l'Hérault")
    SchoolFactory(name="École de Mende", payer=lozere)
    rectorat.departments.add(lozere.department)
    client.force_login(rectorat)
    for name in ("communes_commune", "communes_collectivity", "schools_school"):
        page = client.get(url(f"{name}_changelist"))
        assert page.context["cl"].result_count == 1
        assert "Mende" in page.text


def test_an_agent_of_one_departement_does_not_open_a_page_of_another(client, rectorat, lozere):
    elsewhere = SchoolFactory()
    rectorat.departments.add(lozere.department)
    client.force_login(rectorat)
    assert client.get(url("schools_school_change", elsewhere.pk)).status_code == 302
    assert client.get(url("communes_collectivity_change", elsewhere.payer.pk)).status_code == 302


@pytest.mark.parametrize("name", LISTS)
def test_a_town_hall_does_not_enter_the_lists(client, town_hall, name):
    client.force_login(town_hall)
    assert client.get(url(f"{name}_changelist")).status_code in (302, 403)


def test_pages_and_histories_open(agent):
    school = SchoolFactory()
    for name, pk in [
        ("schools_school", school.pk),
        ("communes_commune", school.commune.pk),
        ("communes_collectivity", school.payer.pk),
        ("communes_department", school.commune.department.pk),
    ]:
        assert agent.get(url(f"{name}_change", pk)).status_code == 200
        assert agent.get(url(f"{name}_history", pk)).status_code == 200


def test_groupings_alone_are_suggested_without_accents_to_take_schools_over(agent):
    GroupingFactory(name="Syndicat de la Vallée")
    GroupingFactory(name="Autre syndicat")
    CollectivityFactory(commune__name="La Vallée")
    found = agent.get(
        url("autocomplete"),
        {"term": "vallee", "app_label": "schools", "model_name": "takeover", "field_name": "payer"},
    )
    assert [row["text"][:21] for row in found.json()["results"]] == ["Syndicat de la Vallée"]


def syndicat(**values):
    return {
        "kind": "syndicat",
        "name": "SIVOS de la Vallée",
        "department": DepartmentFactory().pk,
        "siren": "200055929",
        "siret": "200 055 929 00018",
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
    } | values


def test_an_agent_creates_a_syndicat_that_can_pay(agent):
    agent.post(url("communes_collectivity_add"), syndicat())
    collectivity = Collectivity.objects.get()
    assert (collectivity.code, collectivity.siret) == ("200055929", "20005592900018")


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"siren": "200055928", "siret": ""}, "siren", "clé"),
        ({"siret": "20005592900019"}, "siret", "clé"),
        ({"siret": "21340337100015"}, "siret", "ne commence pas par le SIREN"),
        ({"kind": "commune"}, "kind", "choix"),
    ],
)
def test_a_wrong_entry_is_told_at_its_field(agent, values, field, message):
    page = agent.post(url("communes_collectivity_add"), syndicat(**values))
    assert message in page.context["adminform"].form.errors[field][0]
    assert not Collectivity.objects.exists()


def test_a_siren_serves_once(agent):
    agent.post(url("communes_collectivity_add"), syndicat())
    page = agent.post(url("communes_collectivity_add"), syndicat(name="Autre"))
    assert "SIVOS de la Vallée" in page.context["adminform"].form.errors["siren"][0]


def test_the_name_on_acts_is_all_that_an_agent_corrects_of_a_commune(agent):
    commune = CollectivityFactory(commune__name="Hérépian").commune
    agent.post(
        url("communes_commune_change", commune.pk),
        {
            "of_name": "de Hérépian",
            "name": "Autre",
            "read_at": fingerprint(Commune.objects.get(pk=commune.pk)),
        },
    )
    commune = Commune.objects.get()
    assert (commune.name, commune.of_name) == ("Hérépian", "de Hérépian")
    assert commune.history.first().of_name == "de Hérépian"
