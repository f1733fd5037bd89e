"""Legal dates: executory date, appeal delays, termination, prescription.

Pure functions on dates. Sources: CGCT L2131-1 (executory), CJA R421-1 and CE
362568 (two months "francs"), CGCT L2131-6 (prefect's referral), CGCT L2122-23
(report to the council).
"""

import calendar
import datetime
from collections.abc import Iterable
from functools import lru_cache

import holidays

COUNCIL_REPORT_MONTHS = 3
PUBLICITY_MONTHS = 2


def add_months(day: datetime.date, months: int) -> datetime.date:
    """Return the same day `months` later, clamped to the end of a shorter month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    month += 1
    last = calendar.monthrange(year, month)[1]
    return day.replace(year=year, month=month, day=min(day.day, last))


def is_working_day(day: datetime.date) -> bool:
    """Tell whether `day` is neither a weekend day nor a French public holiday."""
    return day.weekday() < 5 and day not in _public_holidays(day.year)


# Lists ask it of a hundred days, of a few years: working them out takes longer than the rest.
@lru_cache(maxsize=64)
def _public_holidays(year: int) -> frozenset[datetime.date]:
    return frozenset(holidays.France(years=year))


def executory_on(
    deposited: datetime.date | None, published: datetime.date | None
) -> datetime.date | None:
    """Return the later of deposit and publicity; None until both are known (L2131-1)."""
    return max(deposited, published) if deposited and published else None


def end_of_appeal(start: datetime.date) -> datetime.date:
    """Return the last day of a two months' delay *franc* that starts at `start`.

    The day it starts and the day it ends do not count; a last day that is not a
    working day is carried to the next one. `start` is the publicity for third
    parties, the reception at the prefecture for the prefect.
    """
    last = add_months(start, 2) + datetime.timedelta(days=1)
    while not is_working_day(last):
        last += datetime.timedelta(days=1)
    return last


def end_of_appeal_after_reconsideration(
    published: datetime.date, asked: datetime.date | None, answered: datetime.date | None
) -> datetime.date:
    """Return the last day of appeal when a reconsideration (recours gracieux) was asked.

    Asked within the delay, it restarts it: from the refusal that two months of silence
    make, and again from an answer that comes before that new delay is over (CRPA L411-2,
    CJA R421-2). Asked too late, it changes nothing.
    """
    last = end_of_appeal(published)
    if asked is None or asked > last:
        return last
    last = end_of_appeal(add_months(asked, PUBLICITY_MONTHS))
    return end_of_appeal(answered) if answered and answered <= last else last


def latest_start(end: datetime.date, months: int) -> datetime.date:
    """Return the last day from which `months` later is not after `end`.

    The reverse of `add_months`, for lists: a delay of `months` that starts on `day` is
    over by `end` exactly when `day <= latest_start(end, months)`, short months included.
    """
    day = add_months(end, -months)
    while add_months(day + datetime.timedelta(days=1), months) <= end:
        day += datetime.timedelta(days=1)
    return day


# Days are compared as (month, day), a month counting 31: the database computes the same
# number, and the end of a short month needs no exception.
DAY_NUMBERS_A_MONTH = 31
PUBLICITY_DAY_NUMBERS = PUBLICITY_MONTHS * DAY_NUMBERS_A_MONTH


def day_number(day: datetime.date) -> int:
    """Return a number that grows with the days, by 31 from one month to the next."""
    return (day.year * 12 + day.month) * DAY_NUMBERS_A_MONTH + day.day


def is_public_long_enough(published: datetime.date, until: datetime.date) -> bool:
    """Tell whether an act stayed public two months at least (CGCT R2131-1).

    Two months lead to the same day; from a 31 December to the 1 March, since February
    has no such day.
    """
    return day_number(until) >= day_number(published) + PUBLICITY_DAY_NUMBERS


def council_report_due_on(dated: datetime.date) -> datetime.date:
    """Return the day by which a decision dated `dated` is reported to the council."""
    return add_months(dated, COUNCIL_REPORT_MONTHS)


# --- Termination: article 11 of the convention ------------------------------
CONCILIATION_MONTHS = 1
TERMINATION_DAYS = 15


def end_of_conciliation(notice: datetime.date) -> datetime.date:
    """Return the day by which a conciliation is held, one month after the formal notice."""
    return add_months(notice, CONCILIATION_MONTHS)


def termination_on(second_letter: datetime.date) -> datetime.date:
    """Return the day a termination takes effect, fifteen days after the second letter."""
    return second_letter + datetime.timedelta(days=TERMINATION_DAYS)


# --- The debt of a collectivity ---------------------------------------------
PRESCRIPTION_YEARS = 4


def prescribed_on(
    arose: datetime.date, interruptions: Iterable[datetime.date] = ()
) -> datetime.date:
    """Return the first day on which the debt may no longer be claimed.

    Four years from 1 January of the year after the right arose (loi 68-1250, article 1):
    signed in 2022, prescribed on 1 January 2027. Each written demand or payment interrupts
    (article 2): four years run anew from the following 1 January [I]. What comes once the
    debt is prescribed does not bring it back.
    """
    end = _four_years_after(arose)
    for day in sorted(interruptions):
        if day < end:
            end = max(end, _four_years_after(day))
    return end


def _four_years_after(day: datetime.date) -> datetime.date:
    return datetime.date(day.year + 1 + PRESCRIPTION_YEARS, 1, 1)
