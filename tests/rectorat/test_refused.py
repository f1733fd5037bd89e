"""A form that is refused answers 422 on every page of the admin site, one that is done redirects."""

import pytest
from django.contrib import admin
from django.contrib.admin import helpers
from django.urls import reverse

from communes.models import Collectivity
from tests.factories import (
    CollectivityFactory,
    ConventionFactory,
    DepartmentFactory,
    SchoolFactory,
    current_signed_convention,
)

pytestmark = pytest.mark.django_db

# A browser sends at least its token.
NOTHING = {"csrfmiddlewaretoken": "x"}


@pytest.fixture
def agent(client, administrator):
    client.force_login(administrator)
    return client


ADDED = [
    pages.opts
    for pages in admin.site._registry.values()
    if pages.opts.label_lower
    in ("communes.collectivity", "campaigns.campaign", "invitations.invitation", "piles.pile")
]


@pytest.mark.parametrize("opts", ADDED, ids=str)
def test_what_is_added_with_nothing_typed(agent, opts):
    answer = agent.post(reverse(f"admin:{opts.app_label}_{opts.model_name}_add"), NOTHING)
    assert answer.status_code == 422


def test_what_is_changed_into_nothing(agent):
    town = CollectivityFactory()
    page = reverse("admin:communes_collectivity_change", args=[town.pk])
    assert agent.post(page, NOTHING).status_code == 422
    assert Collectivity.objects.get().name == town.name


def test_a_member_added_without_its_commune(agent):
    members = {
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "0",
        "memberships-0-since": "2026-09-01",
    }
    department = DepartmentFactory()
    typed = {
        "kind": "epci",
        "name": "Hérault Méditerranée",
        "department": department.pk,
        "siren": "243400819",
        "representative_capacity": "Président",
    }
    answer = agent.post(reverse("admin:communes_collectivity_add"), typed | members)
    assert not answer.context["adminform"].form.errors
    assert answer.status_code == 422


@pytest.mark.parametrize("name", ["message", "resume"])
def test_pages_about_a_file(agent, convention, name):
    convention.send(by=None)
    address = reverse(f"admin:conventions_convention_{name}", args=[convention.pk])
    assert agent.get(address).status_code == 200
    assert agent.post(address, NOTHING).status_code == 422


def test_an_avenant_that_changes_nothing(agent):
    convention = current_signed_convention()
    address = reverse("admin:conventions_convention_amend", args=[convention.pk])
    assert agent.post(address, NOTHING).status_code == 422


def test_a_step_of_termination_without_its_day(agent):
    convention = current_signed_convention()
    address = reverse(
        "admin:conventions_convention_termination", args=[convention.pk, "mise-en-demeure"]
    )
    assert agent.post(address, NOTHING).status_code == 422


@pytest.mark.parametrize("count", [1, 2])
def test_an_abandonment_without_a_reason(agent, count):
    keys = ",".join(str(made.pk) for made in ConventionFactory.create_batch(count))
    address = reverse("admin:conventions_convention_verb", args=["abandon"])
    assert agent.post(address, {"conventions": keys}).status_code == 422


@pytest.mark.parametrize(
    "name", ["schools_school", "communes_commune", "communes_collectivity", "documents_textmodel"]
)
def test_an_import_without_a_file(agent, name):
    assert agent.post(reverse(f"admin:{name}_import"), NOTHING).status_code == 422


def test_a_change_of_payer_without_its_day(agent):
    school = SchoolFactory()
    asked = {"action": "give_back", helpers.ACTION_CHECKBOX_NAME: [school.pk]}
    address = reverse("admin:schools_school_changelist")
    assert agent.post(address, asked).status_code == 200  # It asks.
    assert agent.post(address, asked | {"since": "hier"}).status_code == 422


def test_an_access_ended_without_a_reason(agent, town_hall):
    asked = {"action": "end_access", helpers.ACTION_CHECKBOX_NAME: [town_hall.pk]}
    address = reverse("admin:accounts_user_changelist")
    assert agent.post(address, asked).status_code == 200
    assert agent.post(address, asked | {"reason": ""}).status_code == 422
