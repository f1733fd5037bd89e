import datetime
from decimal import Decimal

import pytest

from tabular.writing import csv_cell


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_would_run_as_a_formula_is_neutralised(start):
    assert csv_cell(f"{start}1+1") == f"'{start}1+1"


def test_thousands_are_written_with_spaces_that_a_search_finds():
    assert csv_cell("8\u202f505,00\u00a0€") == "8 505,00 €"


def test_a_negative_amount_stays_a_number():
    assert csv_cell(Decimal("-45")) == "-45,00"


def test_a_moment_is_told_in_french_time():
    moment = datetime.datetime(2022, 10, 10, 10, 0, tzinfo=datetime.UTC)
    assert csv_cell(moment) == "10/10/2022 12:00:00"
