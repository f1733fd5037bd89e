"""Nobody undoes in silence what somebody else has changed meanwhile."""

import pytest
from django.forms import CheckboxInput
from django.urls import reverse
from django.utils import timezone

from communes.models import Collectivity
from lifecycle.rereading import CHANGED, fingerprint
from tests.factories import CampaignFactory, CollectivityFactory, SchoolFactory, UserFactory

pytestmark = pytest.mark.django_db


def form_of(client, url):
    """What the page of a row sends back untouched."""
    form = client.get(url).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    members = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    boxes = {name for name in form.fields if isinstance(form[name].field.widget, CheckboxInput)}
    unsent = {n for n, value in values.items() if value is None or (n in boxes and not value)}
    return {name: value for name, value in values.items() if name not in unsent} | members


@pytest.mark.parametrize(
    ("make", "page", "first", "second"),
    [
        (
            CollectivityFactory,
            "admin:communes_collectivity_change",
            {"phone": "0467000000"},
            {"email": "mairie@example.fr"},
        ),
        (
            CampaignFactory,
            "admin:campaigns_campaign_change",
            {"contact_email": "ent@example.fr"},
            {"reminder_cap": 5},
        ),
        (
            SchoolFactory,
            "admin:schools_school_change",
            {"phone": "0467000000"},
            {"name": "École Rosa Parks"},
        ),
        (
            lambda: CollectivityFactory().commune,
            "admin:communes_commune_change",
            {"of_name": "de Neuville"},
            {"of_name": "du Neuville"},
        ),
        (
            lambda: UserFactory(collectivities=[CollectivityFactory()]),
            "admin:accounts_user_change",
            {"last_name": "Vidal"},
            {"first_name": "Inès"},
        ),
    ],
)
def test_the_second_of_two_agents_is_told_and_undoes_nothing(
    client, administrator, make, page, first, second
):
    row = make()
    client.force_login(administrator)
    url = reverse(page, args=[row.pk])
    seen = form_of(client, url)
    assert client.post(url, {**seen, **first}).status_code == 302
    answer = client.post(url, {**seen, **second})
    form = answer.context["adminform"].form
    assert CHANGED in form.non_field_errors()
    assert {name: form[name].value() for name in second} == {
        name: str(value) for name, value in second.items()
    }
    row.refresh_from_db()
    for name, value in first.items():
        assert getattr(row, name) == value
    for name, value in second.items():
        assert getattr(row, name) != value


def test_rights_given_meanwhile_are_not_taken_back(client, administrator):
    town, other = CollectivityFactory(), CollectivityFactory()
    person = UserFactory(collectivities=[town])
    client.force_login(administrator)
    url = reverse("admin:accounts_user_change", args=[person.pk])
    seen = form_of(client, url)
    person.collectivities.add(other)
    answer = client.post(url, {**seen, "last_name": "Vidal"})
    assert CHANGED in answer.context["adminform"].form.non_field_errors()
    assert set(person.collectivities.all()) == {town, other}


def test_somebody_who_signs_in_meanwhile_changes_nothing_of_what_was_read(client, administrator):
    person = UserFactory(collectivities=[CollectivityFactory()])
    client.force_login(administrator)
    url = reverse("admin:accounts_user_change", args=[person.pk])
    seen = form_of(client, url)
    type(person).objects.filter(pk=person.pk).update(last_login=timezone.now())
    assert client.post(url, {**seen, "last_name": "Vidal"}).status_code == 302


def test_a_town_hall_does_not_undo_what_an_agent_changed_of_its_details(
    client, town_hall, convention
):
    convention.send(by=None)
    client.force_login(town_hall)
    url = reverse(
        "convention_identity", args=[convention.campaign.school_year, convention.collectivity.code]
    )
    form = client.get(url).context["form"]
    values = {name: form[name].value() or "" for name in form.fields}
    Collectivity.objects.filter(pk=convention.collectivity_id).update(phone="0467000000")
    page = client.post(url, values)
    assert page.status_code == 422
    assert "modifiés entre-temps" in page.context["form"].non_field_errors()[0]
    assert Collectivity.objects.get(pk=convention.collectivity_id).phone == "0467000000"


def test_a_row_and_its_copy_have_the_same_print_until_one_of_its_values_changes():
    row = CollectivityFactory()
    same = Collectivity.objects.get(pk=row.pk)
    again = Collectivity.objects.get(pk=row.pk)
    assert fingerprint(same) == fingerprint(again) != ""
    same.city = "Ailleurs"
    assert fingerprint(same) != fingerprint(again)
    assert fingerprint(Collectivity()) == ""
