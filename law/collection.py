"""Legal dates of the State's titres de perception: contestation, decision, court.

Pure functions on dates. Sources: décret 2012-1246, articles 117 and 118; CJA R421-1; for the
complementary period, décret 2007-687, article 2.
"""

import datetime

from law.deadlines import add_months, end_of_appeal

DECISION_MONTHS = 6
COMPLEMENTARY_FROM = 10  # October


def contest_until(notified: datetime.date) -> datetime.date:
    """Return the last day to contest a titre before the accountant.

    Two months from its notification (article 118), counted as other appeals are: whole
    months, carried to a working day [I].
    """
    return end_of_appeal(notified)


def decide_by(received_by_accountant: datetime.date) -> datetime.date:
    """Return the day on which silence rejects a contestation: six months from its receipt."""
    return add_months(received_by_accountant, DECISION_MONTHS)


def court_until(
    received_by_accountant: datetime.date, decided: datetime.date | None = None
) -> datetime.date:
    """Return the last day to go to court: two months from the decision, else from the silence.

    A decision that comes before that delay is over starts it anew (CJA R421-2); one that comes
    too late opens nothing.
    """
    last = end_of_appeal(decide_by(received_by_accountant))
    return end_of_appeal(decided) if decided and decided <= last else last


def may_count_in_complementary_period(issued: datetime.date) -> bool:
    """Tell whether what a titre brings in may count in its year once that is over.

    So for titres issued from 1 October to 31 December (décret 2007-687, article 2).
    """
    return issued.month >= COMPLEMENTARY_FROM
