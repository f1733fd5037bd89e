"""What a board says of money, column by column, whatever its lines are."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal


@dataclass
class Figures:
    """Of one département, of one budget year or of all: euros, and how many conventions are exempt.

    `expected` is what every living convention asks for, signed or not; `written_off` takes in
    what was remitted.
    """

    expected: Decimal = Decimal("0.00")
    signed: Decimal = Decimal("0.00")
    requested: Decimal = Decimal("0.00")
    issued: Decimal = Decimal("0.00")
    received: Decimal = Decimal("0.00")
    contested: Decimal = Decimal("0.00")
    written_off: Decimal = Decimal("0.00")
    balance: Decimal = Decimal("0.00")
    exempt: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, name) + getattr(other, name) for name in _NAMES))

    def __sub__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, name) - getattr(other, name) for name in _NAMES))


_NAMES = tuple(each.name for each in fields(Figures))


def sum_of(figures: Iterable[Figures]) -> Figures:
    """Return the total of some figures."""
    return sum(figures, Figures())
