import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import liquidation

SIGNED_ON = datetime.date(2022, 10, 10)
cents = st.integers(min_value=1, max_value=99_999_999).map(lambda n: Decimal(n) / 100)


def basis(schools, tariff="45.00"):
    text = liquidation.basis(
        schools,
        Decimal(tariff),
        reference="ENT-2022-34337",
        signed_on=SIGNED_ON,
        school_year="2022-2023",
    )
    return text.replace("\u00a0", " ")


def test_the_basis_is_spelled_out_as_in_the_file_of_2022():
    assert basis(2) == (
        "2 écoles x 45,00 € = 90,00 €, convention ENT-2022-34337 du 10/10/2022, "
        "année scolaire 2022-2023"
    )


def test_one_school_is_singular():
    assert basis(1).startswith("1 école x 45,00 € = 45,00 €,")


def test_a_file_gets_a_decimal_comma_and_nothing_else():
    assert liquidation.decimal_comma(Decimal("8505")) == "8505,00"


@given(schools=st.lists(st.integers(min_value=1, max_value=500), max_size=40), tariff=cents)
def test_the_sum_of_the_amounts_is_the_sum_of_the_schools_times_the_tariff(schools, tariff):
    amounts = [liquidation.amount(count, tariff) for count in schools]
    assert liquidation.total(amounts) == liquidation.amount(sum(schools), tariff)


def test_a_tariff_of_less_than_a_cent_is_refused():
    with pytest.raises(ValueError, match="whole number of cents"):
        liquidation.amount(3, Decimal("45.005"))


def test_the_period_runs_from_the_start_of_the_year_to_the_end_of_the_conventions():
    assert (
        liquidation.period(datetime.date(2022, 9, 1), datetime.date(2023, 9, 1))
        == "du 01/09/2022 au 01/09/2023"
    )


def test_the_budget_year_is_the_year_of_the_last_signature():
    assert liquidation.budget_year(datetime.date(2023, 1, 9)) == 2023
