"""Nobody undoes in silence what somebody else has changed meanwhile."""

import pytest
from django.urls import reverse

from communes.models import Collectivity
from lifecycle.rereading import CHANGED, fingerprint
from tests.factories import CampaignFactory, CollectivityFactory

pytestmark = pytest.mark.django_db


def form_of(client, url):
    """What the page of a row sends back untouched."""
    form = client.get(url).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    members = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    return {name: "" if value is None else value for name, value in values.items()} | members


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
    assert CHANGED in answer.context["adminform"].form.non_field_errors()
    row.refresh_from_db()
    for name, value in first.items():
        assert getattr(row, name) == value
    for name, value in second.items():
        assert getattr(row, name) != value


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
