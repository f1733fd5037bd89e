"""Amounts and dates as people and spreadsheets write them in French."""

import datetime
import re
from decimal import Decimal, InvalidOperation

from tabular.reading import is_scientific

_SPACES = re.compile(r"[\s\u00a0\u202f]")
_AMOUNT = re.compile(r"\d{1,12}(\.\d{1,2}0*)?")
_FRENCH_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})(?:[T ]\d{1,2}[:h].*)?")
_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
# A spreadsheet counts days from here on, and shows the number where a cell has lost its format.
_DAY_ZERO = datetime.date(1899, 12, 30)
# Of this century: a number of five digits may as well be a code.
_NUMBERS = range(36526, 73051)


class UnreadableValue(ValueError):
    """What was typed is no amount, or no date; the message (French) says what is expected."""


def read_amount(text: str) -> Decimal:
    """Return an amount in euros, to the cent: "1 234,50", "1234.5", "1.234,50 €".

    "(45,00)" and "-45,00" are below zero. Raises UnreadableValue.
    """
    bare = _SPACES.sub("", text).removesuffix("€").replace("−", "-")
    is_negative = bare.startswith("-") or (bare.startswith("(") and bare.endswith(")"))
    bare = bare.strip("()").removeprefix("-").removesuffix("€")
    if "," in bare:
        # A comma is the decimal one; points before it part the thousands.
        whole, _, fraction = bare.rpartition(",")
        bare = f"{whole.replace('.', '')}.{fraction}"
    if is_scientific(bare) or not _AMOUNT.fullmatch(bare):
        raise UnreadableValue(f"« {text[:30]} » n'est pas un montant, par exemple 1 234,50.")
    try:
        amount = Decimal(bare).quantize(Decimal("0.01"))
    except InvalidOperation as error:
        raise UnreadableValue(f"« {text[:30]} » n'est pas un montant.") from error
    return -amount if is_negative else amount


def read_date(text: str, *, is_recent: bool = False) -> datetime.date:
    """Return a day: "03/12/2024", "3-12-2024", "2024-12-03 00:00", 45629 of a spreadsheet.

    One that `is_recent` may be "03/12/24", of this century: so LibreOffice writes in a CSV what it
    understood to be a date. Raises UnreadableValue.
    """
    bare = text.strip()
    if bare.isascii() and bare.isdecimal() and int(bare) in _NUMBERS:
        return _DAY_ZERO + datetime.timedelta(days=int(bare))
    try:
        if match := _ISO_DATE.fullmatch(bare):
            return datetime.date(*map(int, match.groups()))
        if match := _FRENCH_DATE.fullmatch(bare):
            day, month, year = match.groups()
            if len(year) == 4 or is_recent:
                return datetime.date(int(f"20{year}"[-4:]), int(month), int(day))
    except ValueError as error:
        raise UnreadableValue(f"« {bare[:30]} » n'existe pas au calendrier.") from error
    raise UnreadableValue(f"« {bare[:30]} » n'est pas une date, par exemple 03/12/2024.")
