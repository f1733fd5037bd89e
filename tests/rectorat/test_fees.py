"""One fee per sent campaign: what was prepared at another is prepared again before it leaves."""

from decimal import Decimal

import pytest
from django.urls import reverse

from conventions.campaigns.models import Campaign
from conventions.lifecycle import State
from conventions.models import Convention
from lifecycle.errors import TransitionRefused
from tests.factories import ConventionFactory, DepartmentFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_fees(convention):
    """Two conventions prepared, then the fee of their campaign goes from 45 to 50 euros."""
    ConventionFactory(campaign=convention.campaign)
    Campaign.objects.update(tariff=Decimal("50.00"))
    return Campaign.objects.get()


def test_what_was_prepared_at_another_fee_is_not_sent(two_fees, convention):
    # As read before the change: the verb reads the campaign anew.
    with pytest.raises(TransitionRefused, match="préparée de nouveau"):
        convention.send(by=None)
    assert not Convention.objects.filter(state=State.SENT).exists()


def test_the_campaign_says_how_many_and_prepares_them_in_one_click(
    client, rectorat, two_fees, worked
):
    client.force_login(rectorat)
    page = client.get(reverse("admin:campaigns_campaign_change", args=[two_fees.pk]))
    text = page.content.decode()
    assert "avant le changement de la participation : <strong>2</strong>" in text
    assert "Préparer de nouveau" in text
    page = client.get(reverse("admin:campaigns_campaign_send", args=[two_fees.pk]))
    text = page.content.decode()
    assert "Retenues : <strong>0</strong>" in text
    assert "à la participation de la campagne (50,00 €). (2)" in text
    assert "Préparer de nouveau" in text
    client.post(reverse("admin:campaigns_campaign_prepare", args=[two_fees.pk]))
    worked()
    for convention in Convention.objects.with_parties():
        convention.send(by=None)
        assert convention.amount == 100
    page = client.get(reverse("admin:campaigns_campaign_change", args=[two_fees.pk]))
    assert "Préparer de nouveau" not in page.content.decode()


def test_an_agent_of_some_departements_is_told_of_their_own_only(client, two_fees):
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    client.force_login(UserFactory(role="rectorat", departments=[gard]))
    page = client.get(reverse("admin:campaigns_campaign_change", args=[two_fees.pk]))
    assert "Préparer de nouveau" not in page.content.decode()
