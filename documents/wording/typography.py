"""How numbers and dates are written in French text."""

import datetime
from decimal import Decimal

from typography.counting import agreed

NARROW_SPACE = "\u202f"
SPACE = "\u00a0"
MINUS = "\u2212"
# Filled in by hand.
BLANK = "……………………"
SHORT_BLANK = "………"

MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)


def euros_and_cents(amount: Decimal) -> str:
    """Return an amount in euros with its cents, "8 505,00 €", "−45,00 €": on screens and in accounts."""
    figures = f"{amount:,.2f}"
    return figures.replace(",", NARROW_SPACE).replace(".", ",").replace("-", MINUS) + f"{SPACE}€"


def euros(amount: Decimal) -> str:
    """Return an amount in euros, "8 505 €", "45,50 €": cents only when there are some."""
    return euros_and_cents(amount).replace(f",00{SPACE}", SPACE)


def long_date(day: datetime.date) -> str:
    """Return "10 octobre 2022", "1er septembre 2023"."""
    number = "1er" if day.day == 1 else str(day.day)
    return f"{number} {MONTHS[day.month - 1]} {day.year}"


def count(number: int, noun: str) -> str:
    """Return "1 école", "2 écoles", "0 école", as papers write numbers: thousands close up."""
    return f"{number} {agreed(noun, number)}"


def siret(number: str) -> str:
    """Return a SIRET in its usual groups, "213 403 371 00015"."""
    groups = (number[:3], number[3:6], number[6:9], number[9:])
    return " ".join(group for group in groups if group)
