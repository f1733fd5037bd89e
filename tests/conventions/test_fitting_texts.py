"""Texts that would say another participation than is owed are refused before anything is made."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from conventions.campaigns.models import TariffException
from conventions.enrolment.exceptions import decide_exception
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    SchoolFactory,
    TextModelFactory,
    current_signed_convention,
    prepare_amendment,
)

pytestmark = pytest.mark.django_db

FEE = "{{ participation_par_ecole }}"
FREE = "{{ si_gratuit }}\n\nRien n'est dû.\n\n{{ fin_si }}"


def this_year():
    """The school year under way, by its first."""
    today = timezone.localdate()
    return today.year if today.month >= 9 else today.year - 1


def decide(campaign, kind="percent", value=10):
    return decide_exception(
        campaign,
        CollectivityFactory(),
        by=None,
        kind=kind,
        value=Decimal(value),
        reason="Petite commune.",
        decided_on=datetime.date(campaign.start_year, 9, 1),
    )


class TestCampaign:
    @pytest.mark.parametrize("kind", ["decision", "deliberation", "convention"])
    def test_a_fee_per_school_stands_beside_no_exception(self, kind):
        campaign = CampaignFactory(**{f"{kind}_text": TextModelFactory(kind=kind, body=FEE)})
        with pytest.raises(ValidationError, match=f"Texte {kind}, version 1"):
            decide(campaign)
        assert not TariffException.objects.exists()

    def test_nor_is_such_a_text_chosen_once_there_is_one(self):
        campaign = CampaignFactory()
        decide(campaign)
        campaign.decision_text = TextModelFactory(kind="decision", version=2, body=FEE)
        with pytest.raises(ValidationError, match="exception"):
            campaign.clean()

    def test_the_end_of_an_exception_is_said_by_any_text(self):
        campaign = CampaignFactory(decision_text=TextModelFactory(kind="decision", body=FEE))
        decide(campaign, "none", 0)
        campaign.clean()


class TestAmendment:
    @pytest.fixture
    def prepare(self):
        """Function that prepares an avenant which adds a school to a convention."""

        def prepare(convention):
            school = SchoolFactory(payer=convention.collectivity)
            return prepare_amendment(convention, add=[school])

        return prepare

    @pytest.fixture
    def flat(self):
        """A convention signed at 100,00 € for the collectivity, whatever its schools."""
        CampaignFactory(start_year=this_year(), tariff_basis="flat", tariff=Decimal(100))
        return current_signed_convention(tariff_basis="flat", number=1, amount=Decimal(100))

    @pytest.mark.parametrize("kind", ["amendment", "amendment_decision", "amendment_deliberation"])
    def test_its_newest_texts_say_the_conventions_tariff(self, flat, prepare, kind):
        TextModelFactory(kind=kind, body=FEE)
        with pytest.raises(ValidationError, match=f"Texte {kind}, version 1"):
            prepare(flat)
        TextModelFactory(kind=kind, version=2)
        assert prepare(flat).amount_change == 0

    def test_a_fee_per_school_is_said_where_that_is_the_tariff(self, prepare):
        TextModelFactory(kind="amendment", body=FEE)
        assert prepare(current_signed_convention()).amount_change == 45

    def test_an_avenant_to_a_free_convention_has_words_for_it(self, prepare):
        CampaignFactory(
            start_year=this_year(),
            tariff_basis="free",
            tariff=0,
            convention_text=TextModelFactory(body=FREE),
        )
        convention = current_signed_convention(tariff_basis="free", amount=0)
        assert convention.is_free
        with pytest.raises(ValidationError, match="si_gratuit"):
            prepare(convention)
        TextModelFactory(kind="amendment", version=2, body=FREE)
        prepare(convention)
