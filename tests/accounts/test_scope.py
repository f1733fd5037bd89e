"""An agent sees what is theirs, and nothing else, on whichever page of the admin site."""

import pytest
from django.contrib.admin import site
from django.urls import reverse

from accounts import journal
from accounts.models import User
from accounts.roles import PERMISSIONS, REGIONAL, Role
from communes.admin_base import ScopedAdmin, WholeRegionAdmin
from conventions.campaigns.models import Campaign
from documents.models import Document
from tabular.admin_export import ExportMixin
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    InvitationFactory,
    UserFactory,
    sign_by_both,
)

pytestmark = pytest.mark.both_databases

PAGES = dict(site._registry)
SCOPED = {model: pages for model, pages in PAGES.items() if not isinstance(pages, WholeRegionAdmin)}
SEEN_BY_RECTORAT = [
    pytest.param(model, id=model._meta.label)
    for model in SCOPED
    if "view" in PERMISSIONS[Role.RECTORAT].get(model._meta.label_lower, ())
]
EXPORTED = [each for each in SEEN_BY_RECTORAT if isinstance(SCOPED[each.values[0]], ExportMixin)]
# Rows that concern every agent, wherever they are.
OF_EVERYBODY = {"lifecycle.JournalEntry": {"convention__isnull": True}}


@pytest.fixture
def of_herault(convention, town_hall, rectorat):
    """A file of the Hérault, signed, with an invitation, a text printed, somebody of its town hall."""
    town_hall.managed.add(convention.collectivity)
    InvitationFactory(collectivity=convention.collectivity)
    convention.collectivity.commune.save()
    convention.enrolments.first().school.save()
    return sign_by_both(convention)


@pytest.fixture
def elsewhere(of_herault):
    """A second file, signed, in Lozère, with its own town hall, invitation and text printed."""
    lozere = DepartmentFactory(code="48", name="Lozère")
    commune = CommuneFactory(department=lozere)
    collectivity = CollectivityFactory(commune=commune)
    other = ConventionFactory(campaign=of_herault.campaign, collectivity=collectivity)
    UserFactory(collectivities=[collectivity])
    InvitationFactory(collectivity=collectivity)
    return sign_by_both(other)


@pytest.fixture
def of_lozere(db):
    lozere = DepartmentFactory(code="48", name="Lozère")
    return UserFactory(role=Role.RECTORAT, departments=[lozere])


def address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", [pytest.param(m, id=m._meta.label) for m in PAGES])
def test_every_model_of_the_admin_site_says_what_an_agent_sees_of_it(model):
    assert isinstance(PAGES[model], ScopedAdmin)
    assert type(PAGES[model]).scope is not ScopedAdmin.scope


@pytest.mark.parametrize("model", SEEN_BY_RECTORAT)
def test_an_agent_of_another_departement_sees_nothing_on_any_page(
    client, of_herault, of_lozere, model
):
    everybodys = model._base_manager.filter(**OF_EVERYBODY.get(model._meta.label, {"pk": None}))
    hidden = model._base_manager.exclude(pk__in=everybodys.values("pk")).exclude(
        pk__in=[of_lozere.pk] if model is User else []
    )
    client.force_login(of_lozere)

    listed = client.get(address(model, "changelist")).context["cl"].queryset
    assert not listed.filter(pk__in=hidden.values("pk")).exists()
    for row in hidden[:3]:
        for page in ("change", "history"):
            answer = client.get(address(model, page, row.pk))
            assert (answer.status_code, answer.get("Location")) in [(404, None), (302, "/admin/")]
        for version in getattr(row, "history", model._base_manager.none()).all()[:1]:
            url = address(model, "simple_history", row.pk, version.pk)
            assert client.get(url).status_code == 404
            assert client.post(url).status_code == 404


@pytest.mark.parametrize("model", EXPORTED)
def test_what_an_agent_exports_is_what_their_list_shows(client, of_herault, of_lozere, model):
    client.force_login(of_lozere)

    lines = client.get(address(model, "export", "csv")).getvalue().decode("utf-8-sig").splitlines()

    shown = client.get(address(model, "changelist")).context["cl"].queryset.count()
    assert len(lines) == 1 + shown


@pytest.mark.parametrize("model", SEEN_BY_RECTORAT)
def test_two_agents_share_no_row_and_see_together_what_the_region_holds(
    client, of_herault, elsewhere, rectorat, model
):
    """No row is hidden from everybody, and none of the territory is shown outside of it."""
    near, far = (
        UserFactory(role=Role.RECTORAT, departments=[file.collectivity.department])
        for file in (of_herault, elsewhere)
    )
    everybodys = model._base_manager.filter(**OF_EVERYBODY.get(model._meta.label, {"pk": None}))

    def seen(agent):
        client.force_login(agent)
        rows = client.get(address(model, "changelist")).context["cl"].queryset
        return {row.pk for row in rows}

    region, of_near, of_far = seen(rectorat), seen(near), seen(far)
    shared = {row.pk for row in everybodys}
    agents = {near.pk, far.pk, rectorat.pk} if model is User else set()
    assert of_near & of_far <= shared
    assert region - agents == (of_near | of_far) - agents


@pytest.mark.parametrize(
    ("model", "field"),
    [
        pytest.param(model, field, id=f"{model._meta.label}.{field}")
        for model, pages in PAGES.items()
        for inline in (pages, *(each(model, site) for each in pages.inlines))
        for field in inline.autocomplete_fields
    ],
)
def test_autocomplete_offers_what_the_list_of_its_model_shows(client, elsewhere, model, field):
    far = UserFactory(role=Role.RECTORAT, departments=[elsewhere.collectivity.department])
    client.force_login(far)
    offered = model._meta.get_field(field).remote_field.model
    query = {
        "app_label": model._meta.app_label,
        "model_name": model._meta.model_name,
        "field_name": field,
    }

    answer = client.get(reverse("admin:autocomplete"), query)

    shown = client.get(address(offered, "changelist")).context["cl"].queryset
    assert answer.status_code in (200, 403)
    if answer.status_code == 200:
        assert {row["id"] for row in answer.json()["results"]} == {str(row.pk) for row in shown}


def test_autocomplete_offers_the_collectivities_of_the_territory_only(
    client, of_herault, of_lozere
):
    query = {"app_label": "invitations", "model_name": "invitation", "field_name": "collectivity"}
    client.force_login(of_lozere)

    assert client.get(reverse("admin:autocomplete"), query).json()["results"] == []


def test_a_version_of_an_account_is_read_never_saved(client, administrator, town_hall):
    version = town_hall.history.first()
    client.force_login(administrator)

    answer = client.post(address(User, "simple_history", town_hall.pk, version.pk), {"email": "x"})

    assert answer.status_code == 405


def test_documents_are_those_of_the_files_of_the_territory(client, of_herault, of_lozere):
    near = UserFactory(role=Role.RECTORAT, departments=[of_herault.collectivity.department])
    client.force_login(near)

    shown = client.get(address(Document, "changelist")).context["cl"].queryset

    assert {document.pk for document in shown} == {
        piece.document_id for piece in of_herault.pieces.all()
    }


@pytest.mark.parametrize("step", ["open", "close", "archive", "renew"])
def test_what_is_done_to_the_whole_campaign_is_refused_to_who_is_limited_and_says_who_can(
    client, of_lozere, rectorat, step
):
    campaign = CampaignFactory()
    client.force_login(of_lozere)

    answer = client.post(address(Campaign, step, campaign.pk))

    assert answer.status_code == 403
    assert rectorat.get_full_name() in answer.text
    assert Campaign.objects.get(pk=campaign.pk).state == campaign.state


@pytest.mark.parametrize("label", sorted(REGIONAL))
def test_what_the_region_shares_is_read_and_not_changed_by_who_is_limited(
    of_lozere, rectorat, label
):
    app, model = label.split(".")

    assert of_lozere.has_perm(f"{app}.view_{model}")
    for action in ("add", "change"):
        assert not of_lozere.has_perm(f"{app}.{action}_{model}")
        assert rectorat.has_perm(f"{app}.{action}_{model}")


@pytest.mark.parametrize("step", ["board", "enrol", "prepare", "send", "print"])
def test_what_is_done_for_ones_own_departements_stays_open(client, of_lozere, step):
    client.force_login(of_lozere)

    url = address(Campaign, step, CampaignFactory(state="open").pk)
    assert client.get(url, follow=True).status_code == 200


def test_the_journal_of_access_is_the_administrators_alone(client, rectorat, administrator):
    journal.note(journal.Kind.SESSION, "…", person=rectorat)
    model = journal.AccessEntry
    client.force_login(rectorat)
    assert client.get(address(model, "changelist")).status_code == 403
    client.force_login(administrator)
    assert client.get(address(model, "changelist")).status_code == 200
