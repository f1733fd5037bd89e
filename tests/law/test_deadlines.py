import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from law import deadlines

DAYS = st.dates(min_value=datetime.date(2000, 1, 1), max_value=datetime.date(2090, 12, 31))


@pytest.mark.parametrize(
    ("published", "last"),
    [
        ("01/10/2007", "03/12/2007"),
        ("03/01/2021", "04/03/2021"),
        ("12/11/2024", "13/01/2025"),
        ("12/02/1999", "13/04/1999"),
        ("13/10/2022", "14/12/2022"),
        # The second month is shorter: 31 December + 2 months is the end of February.
        ("31/12/2023", "01/03/2024"),
    ],
)
def test_published_cases_of_the_appeal_delay(published, last, day):
    assert deadlines.end_of_appeal(day(published)) == day(last)


@given(DAYS)
def test_the_last_day_of_appeal_is_a_working_day_at_least_two_months_later(start):
    last = deadlines.end_of_appeal(start)
    assert deadlines.is_working_day(last)
    assert last > deadlines.add_months(start, 2)
    # The longest carry-over is a bridge of holidays: never a week.
    assert last - deadlines.add_months(start, 2) < datetime.timedelta(days=7)


@given(DAYS, st.integers(min_value=0, max_value=60))
def test_adding_months_keeps_the_day_or_takes_the_end_of_the_month(start, months):
    later = deadlines.add_months(start, months)
    assert (later.year * 12 + later.month) - (start.year * 12 + start.month) == months
    assert later.day == start.day or (
        later.day < start.day and (later + datetime.timedelta(days=1)).day == 1
    )


@given(DAYS, DAYS)
def test_an_act_is_executory_at_the_later_of_deposit_and_publication(deposited, published):
    assert deadlines.executory_on(deposited, published) == max(deposited, published)
    assert deadlines.executory_on(deposited, None) is None
    assert deadlines.executory_on(None, published) is None


@pytest.mark.parametrize("signed_on", [datetime.date(2022, 1, 1), datetime.date(2022, 12, 31)])
def test_a_debt_of_2022_is_prescribed_on_1_january_2027(signed_on):
    assert deadlines.prescribed_on(signed_on) == datetime.date(2027, 1, 1)
