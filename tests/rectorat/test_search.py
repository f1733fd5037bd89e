"""What is typed in a search box: words, accents or none, and what nobody would."""

import pytest
from django.contrib import admin
from django.urls import reverse

from schools.models import School
from tests.factories import (
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    InvitationFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

SEARCH = reverse("admin:search")
ODD = {
    "nul": "agde\0",
    "only_nul": "\0",
    "punctuation": "- ' .",
    "quotes": "\"'",
    "percent": "%",
    "long": "a" * 5000,
    "many_words": "agde " * 2000,
    "control": "ag\x01\ud7ff\ufffdde",
}
PAGES = [
    (str(model._meta), pages)
    for model, pages in admin.site._registry.items()
    if pages.search_fields
]


@pytest.fixture
def agent(client, administrator):
    client.force_login(administrator)
    return client


@pytest.fixture
def file(db):
    """A file whose every name is searched for."""
    commune = CommuneFactory(code="34003", name="Agde")
    town = CollectivityFactory(
        commune=commune,
        name="Agde",
        siren="213400039",
        siret="21340003900015",
        representative_first_name="Inès",
        representative_last_name="Vidal",
    )
    made = ConventionFactory(collectivity=town, schools_count=1)
    School.objects.update(name="École Françoise Dolto")
    School.objects.get().save()
    ConventionFactory()
    return made


@pytest.mark.parametrize("typed", ODD.values(), ids=ODD)
@pytest.mark.parametrize("pages", [pages for _, pages in PAGES], ids=[name for name, _ in PAGES])
def test_a_list_answers_whatever_is_typed(agent, pages, typed):
    name = f"admin:{pages.opts.app_label}_{pages.opts.model_name}_changelist"
    assert agent.get(reverse(name), {"q": typed}, follow=True).status_code == 200


@pytest.mark.parametrize("typed", ODD.values(), ids=ODD)
def test_so_do_the_search_over_all_the_fields_that_complete_and_the_pages_with_a_box(
    agent, file, typed
):
    enrol = reverse("admin:campaigns_campaign_enrol", args=[file.campaign.pk])
    preview = reverse("admin:documents_textmodel_preview", args=[file.campaign.decision_text_id])
    for address in (SEARCH, enrol, preview):
        assert agent.get(address, {"q": typed}).status_code == 200
    field = {"app_label": "accounts", "model_name": "user", "field_name": "collectivities"}
    answer = agent.get(reverse("admin:autocomplete"), field | {"term": typed})
    assert answer.status_code == 200


def test_punctuation_alone_finds_nothing_and_says_what_to_type(agent, file):
    page = agent.get(SEARCH, {"q": "- ' ."})
    assert page.context["found"] == []
    assert "donnez au moins un mot" in page.text
    InvitationFactory()
    for name in ("conventions_convention", "communes_collectivity", "invitations_invitation"):
        shown = agent.get(reverse(f"admin:{name}_changelist"), {"q": "-- '"})
        assert list(shown.context["cl"].result_list) == []


def test_a_search_too_long_is_cut_and_says_so(agent, file):
    page = agent.get(SEARCH, {"q": "agde " * 100})
    assert "seul son début est cherché" in page.text
    assert page.context["found"]


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("agde", "conventions"),
        ("AGDE", "collectivités"),
        ("2134 0003 9000 15", "collectivités"),
        ("21340003900015", "conventions"),
        ("213400039", "collectivités"),
        ("francoise dolto", "écoles"),
        ("Françoise-Dolto", "écoles"),
        ("dolto agde", "écoles"),
        ("vidal", "conventions"),
        ("Inès VIDAL", "collectivités"),
        ("ines vidal", "collectivités"),
        ("inès", "conventions"),
        ("ines", "conventions"),
    ],
)
def test_a_file_is_found_by_its_commune_siret_school_and_representative(agent, file, typed, label):
    found = agent.get(SEARCH, {"q": typed}).context["found"]
    assert [one.count for one in found if one.label == label] == [1]


def test_a_file_is_found_by_its_reference_and_by_the_code_of_its_school(agent, file):
    uai = file.enrolments.get().uai
    for typed, label in ((file.reference, "conventions"), (uai.lower(), "écoles")):
        found = agent.get(SEARCH, {"q": typed}).context["found"]
        assert [one.count for one in found if one.label == label] == [1], typed


def test_an_agent_of_some_departements_finds_theirs_only(client, file):
    lozere = DepartmentFactory(code="48", name="Lozère", of_name="de la Lozère")
    client.force_login(UserFactory(role="rectorat", departments=[lozere]))
    for typed in ("agde", file.reference, file.enrolments.get().uai, "21340003900015", "vidal"):
        assert client.get(SEARCH, {"q": typed}).context["found"] == []
