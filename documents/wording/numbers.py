"""Amounts in letters, as a slip or a receipt spells them."""

from decimal import Decimal

from num2words import num2words


def euros_in_letters(amount: Decimal) -> str:
    """Return "quatre-vingt-dix euros", "un million d'euros", "un euro et dix centimes".

    `amount` in euros, to the cent; below zero it is preceded by "moins".
    """
    total = abs(int(amount * 100))
    euros, cents = divmod(total, 100)
    words = []
    if euros or not cents:
        words.append(f"{_spelled(euros)} {_unit(euros, 'euro')}")
    if cents:
        words.append(f"{_spelled(cents)} {_unit(cents, 'centime')}")
    sign = "moins " if amount < 0 else ""
    return sign + " et ".join(words)


def _spelled(number: int) -> str:
    return str(num2words(number, lang="fr"))


def _unit(number: int, unit: str) -> str:
    plural = f"{unit}s" if number > 1 else unit
    # After a round number of millions, French says "de".
    return f"d'{plural}" if number >= 1_000_000 and number % 1_000_000 == 0 else plural
