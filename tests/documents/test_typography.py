import datetime
from decimal import Decimal

import pytest

from documents.templatetags.french import plural
from documents.wording.typography import count, euros, long_date, siret


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("45", "45\u00a0€"),
        ("90.00", "90\u00a0€"),
        ("45.50", "45,50\u00a0€"),
        ("0.05", "0,05\u00a0€"),
        ("8505", "8\u202f505\u00a0€"),
        ("1234567.80", "1\u202f234\u202f567,80\u00a0€"),
    ],
)
def test_an_amount_shows_cents_only_when_there_are_some(amount, expected):
    assert euros(Decimal(amount)) == expected


def test_the_first_of_a_month_is_an_ordinal():
    assert long_date(datetime.date(2023, 9, 1)) == "1er septembre 2023"
    assert long_date(datetime.date(2022, 10, 11)) == "11 octobre 2022"


@pytest.mark.parametrize(("number", "expected"), [(0, "0 école"), (1, "1 école"), (2, "2 écoles")])
def test_the_plural_starts_at_two(number, expected):
    assert count(number, "école") == expected
    assert f"{number} école{plural(number)}" == expected
    assert f"{number} école{plural(range(number))}" == expected


@pytest.mark.parametrize(("number", "expected"), [(0, "attend"), (1, "attend"), (2, "attendent")])
def test_a_word_takes_either_of_its_forms(number, expected):
    assert plural(number, "attend,attendent") == expected
    assert f"attend{plural(number, ',ent')}" == expected


def test_a_siret_is_grouped_three_three_three_five():
    assert siret("21340337100015") == "213 403 371 00015"
