"""The basis of liquidation is spelled out, to the cent."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import liquidation
from billing.liquidation import Part
from conventions.campaigns.tariff_words import change_in_words
from conventions.campaigns.tariff_words import liquidation as in_words
from conventions.campaigns.tariffs import Charge, Tariff

cents = st.integers(min_value=-99_999_999, max_value=99_999_999).map(lambda n: Decimal(n) / 100)


def per_school(fee):
    return Tariff(price=Decimal(fee))


def convention(schools, tariff="45.00"):
    amount = schools * Decimal(tariff)
    return Part(
        key="",
        name="convention ENT-2022-34337",
        dated_on=datetime.date(2022, 10, 10),
        amount=amount,
        calculation=in_words(per_school(tariff), per_school(tariff).charge([1] * schools)),
    )


def avenant(added, removed, tariff="45.00"):
    amount = (added - removed) * Decimal(tariff)
    return Part(
        key="A1",
        name="avenant n° 1",
        dated_on=datetime.date(2023, 1, 9),
        amount=amount,
        calculation=change_in_words(
            per_school(tariff), Charge(added - removed, unit_fee=Decimal(tariff)), added, removed
        ),
    )


def basis(*parts, amount=None):
    text = liquidation.basis(
        parts,
        liquidation.total(part.amount for part in parts) if amount is None else amount,
        reference="ENT-2022-34337",
        school_year="2022-2023",
    )
    return text.replace("\u00a0", " ")


def test_the_basis_is_spelled_out_as_in_the_file_of_2022():
    assert basis(convention(2)) == (
        "2 écoles × 45,00 € = 90,00 €, convention ENT-2022-34337 du 10/10/2022, "
        "année scolaire 2022-2023"
    )


def test_one_school_is_singular():
    assert basis(convention(1)).startswith("1 école × 45,00 € = 45,00 €,")


@pytest.mark.parametrize(
    ("added", "removed", "words"),
    [
        (1, 0, "Avenant n° 1 : 1 école ajoutée × 45,00 € = 45,00 €, convention ENT-2022-34337, "),
        (3, 1, "(3 écoles ajoutées moins 1 école retirée) × 45,00 € = 90,00 €, "),
        (0, 2, "Avenant n° 1 : 2 écoles retirées × 45,00 € = −90,00 €, "),
    ],
)
def test_what_an_avenant_changes_is_spelled_out(added, removed, words):
    text = basis(avenant(added, removed))
    assert words in text
    assert text.endswith("avenant du 09/01/2023, année scolaire 2022-2023")


def test_a_net_titre_names_each_paper_and_what_they_come_to():
    assert basis(convention(2), avenant(1, 0)) == (
        "Convention ENT-2022-34337 du 10/10/2022 : 2 écoles × 45,00 € = 90,00 € ; "
        "avenant n° 1 du 09/01/2023 : 1 école ajoutée × 45,00 € = 45,00 € ; soit 135,00 €, "
        "année scolaire 2022-2023"
    )


def test_a_share_of_what_is_to_be_asked_says_which():
    assert "; ce titre : −45,00 €" in basis(avenant(0, 2), amount=Decimal("-45.00"))


@given(st.lists(cents, max_size=40))
def test_totals_are_exact_to_the_cent(amounts):
    whole = sum(int(amount * 100) for amount in amounts)
    assert liquidation.total(amounts) == Decimal(whole) / 100


def test_the_period_runs_from_the_start_of_the_year_to_the_end_of_the_conventions():
    assert (
        liquidation.period(datetime.date(2022, 9, 1), datetime.date(2023, 9, 1))
        == "du 01/09/2022 au 01/09/2023"
    )
