"""The real file of 2022 and a region of small ones, signed through the verbs."""

import pytest

from conventions.models import Enrolment
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    SchoolFactory,
    sign_by_both,
)


@pytest.fixture
def villeneuve(db):
    """The signed convention of Villeneuve-lès-Maguelone: two schools, 90,00 €."""
    collectivity = CollectivityFactory(
        commune=CommuneFactory(
            code="34337", name="Villeneuve-lès-Maguelone", siren="213403371", population=9500
        ),
        siret="21340337100015",
        address_line_1="Place Porte Saint-Laurent",
        postcode="34750",
        city="Villeneuve-lès-Maguelone",
        representative_first_name="Véronique",
        representative_last_name="NEGRET",
    )
    convention = ConventionFactory(collectivity=collectivity, schools_count=0)
    schools = [
        SchoolFactory(payer=collectivity, uai="0341255E", name="Pierre Bouissinet"),
        SchoolFactory(payer=collectivity, uai="0342026T", name="Françoise Dolto"),
    ]
    for school in schools:
        line = Enrolment(campaign=convention.campaign, school=school, convention=convention)
        line.copy_from_school()
        line.save()
    convention.school_count = len(schools)
    convention.amount = len(schools) * convention.unit_fee
    convention.save()
    return sign_by_both(convention)


@pytest.fixture
def sign_many(db):
    """Return a function that signs `count` more conventions of one campaign."""

    def sign(count: int, start_year: int = 2022, **fields):
        campaign = CampaignFactory(start_year=start_year)
        return [
            sign_by_both(ConventionFactory(campaign=campaign, schools_count=1 + n % 3, **fields))
            for n in range(count)
        ]

    return sign
