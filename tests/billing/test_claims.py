import datetime
from decimal import Decimal

import pytest

from accounts.roles import Role
from billing import claims as claims_of
from communes.models import Collectivity
from conventions.models import ConfirmedParty, Convention
from tests.factories import (
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    UserFactory,
    sign_by_both,
)

pytestmark = pytest.mark.django_db


def claim_of(convention):
    (claim,) = claims_of.claims(claims_of.claimable(convention.campaign))
    return claim


def test_villeneuve_owes_90_euros_for_two_schools(villeneuve):
    claim = claim_of(villeneuve)
    assert (claim.schools, claim.tariff, claim.amount) == (2, Decimal("45.00"), Decimal("90.00"))
    assert claim.uais == ("0341255E", "0342026T")
    assert claim.reference == "TP-2022-34337"
    assert claim.act_reference == "Décision n° 2022DECAD076 du 10/10/2022"
    assert claim.act_executory_on == datetime.date(2022, 10, 13)
    assert claim.insee_code == "34337"


def test_a_convention_that_one_party_has_not_signed_gives_no_claim(convention):
    assert not list(claims_of.claims(claims_of.claimable(convention.campaign)))


def test_the_debtor_is_the_one_who_signed_whatever_the_collectivity_becomes(villeneuve):
    Collectivity.objects.update(
        siret="21340000000000", address_line_1="Ailleurs", postcode="00000", city="Autre ville"
    )
    claim = claim_of(villeneuve)
    assert claim.siret == "21340337100015"
    assert (claim.address, claim.postcode, claim.city) == (
        "Place Porte Saint-Laurent",
        "34750",
        "Villeneuve-lès-Maguelone",
    )


def test_a_syndicat_has_no_insee_code(db):
    syndicat = CollectivityFactory(
        kind=Collectivity.Kind.SYNDICAT,
        commune=None,
        name="Syndicat des écoles",
        siren="200000016",
        department=DepartmentFactory(),
        city="Ganges",
    )
    convention = ConventionFactory(collectivity=syndicat, schools_count=0)
    Convention.objects.update(school_count=1, amount=45)
    convention.refresh_from_db()
    assert claim_of(sign_by_both(convention)).insee_code == ""


def test_totals_are_those_of_the_claims(sign_many):
    campaign = sign_many(7)[0].campaign
    conventions = claims_of.claimable(campaign)
    claims = list(claims_of.claims(conventions))
    assert claims_of.totals(conventions) == claims_of.Totals(
        claims=7,
        schools=sum(claim.schools for claim in claims),
        amount=sum(claim.amount for claim in claims),
    )


def test_a_rectorat_agent_of_one_departement_sees_its_claims_only(sign_many):
    herault = sign_many(2)
    gard = DepartmentFactory(code="30", name="Gard")
    there = CollectivityFactory(commune=CommuneFactory(code="30007", department=gard))
    nimes = sign_by_both(ConventionFactory(campaign=herault[0].campaign, collectivity=there))
    agent = UserFactory(role=Role.RECTORAT, departments=[gard])
    assert list(claims_of.claimable(nimes.campaign, agent)) == [nimes]


class TestWarnings:
    def test_an_act_that_is_not_executory_is_pointed_out(self, convention):
        assert (
            "Acte non exécutoire" in claim_of(sign_by_both(convention, published_on=None)).warnings
        )

    def test_a_convention_signed_before_its_act_was_executory_is_pointed_out(self, villeneuve):
        assert "Signée avant l'acte exécutoire" in claim_of(villeneuve).warnings

    def test_a_wrong_siret_is_pointed_out(self, villeneuve):
        wrong = ConfirmedParty.copy_of(villeneuve.collectivity)
        wrong.siret = "21340337100016"
        wrong.save()
        Convention.objects.update(party=wrong)
        assert "SIRET à vérifier" in claim_of(villeneuve).warnings

    def test_a_debt_about_to_be_prescribed_is_pointed_out(self, villeneuve, move_to):
        move_to(datetime.date(2026, 1, 1))
        assert "Prescription le 01/01/2027" in claim_of(villeneuve).warnings

    def test_a_prescribed_debt_is_pointed_out(self, villeneuve, move_to):
        move_to(datetime.date(2027, 1, 1))
        assert "Prescrite depuis le 01/01/2027" in claim_of(villeneuve).warnings

    def test_a_file_in_order_has_none(self, convention, move_to):
        day = datetime.date(2022, 10, 10)
        move_to(datetime.date(2023, 1, 1))
        assert claim_of(sign_by_both(convention, on=day, published_on=day)).warnings == []
