"""When communes elect their councils anew."""

import datetime

# First rounds of the general elections. Code électoral, L227: every six years, in March; the
# day itself is set by decree.
_MUNICIPAL = (
    datetime.date(2014, 3, 23),
    datetime.date(2020, 3, 15),
    datetime.date(2026, 3, 15),
)


def last_municipal_elections(day: datetime.date) -> datetime.date:
    """Return the first round of the last general municipal elections, on `day` or before.

    From 2032 on, whose day no decree has set yet, the 1st of March stands for it.
    """
    year = day.year - (day.year - 2014) % 6
    known = {first.year: first for first in _MUNICIPAL}
    first = known.get(year, datetime.date(year, 3, 1))
    if first <= day:
        return first
    return known.get(year - 6, datetime.date(year - 6, 3, 1))
