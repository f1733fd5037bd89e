"""What a collectivity owes by the rule of a campaign: pure functions, Decimal, euros to the cent.

Every amount is rounded here and nowhere else: half up, to the cent. VAT on top is computed
and rounded on each line, so that what is owed is the sum of its lines: a school's, or for
a lump sum the collectivity's own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django.db import models

_CENT = Decimal("0.01")
ZERO = Decimal("0.00")
_LARGEST = Decimal("999999.99")


class Basis(models.TextChoices):
    """What the amount of a tariff is multiplied by."""

    SCHOOL = "school", "par école"
    PUPIL = "pupil", "par élève"
    CLASS = "class", "par classe"
    FLAT = "flat", "forfait par collectivité"
    BRACKETS = "brackets", "par tranches"
    FREE = "free", "gratuit"


class Counted(models.TextChoices):
    """What brackets are made of."""

    SCHOOL = "school", "écoles"
    PUPIL = "pupil", "élèves"
    CLASS = "class", "classes"


# Those that ask for one amount; the others have none, or one a bracket.
PRICED = (Basis.SCHOOL, Basis.PUPIL, Basis.CLASS, Basis.FLAT)
# Those of which a school has no line of its own: the collectivity has one.
LUMP = (Basis.FLAT, Basis.BRACKETS)


class ReliefKind(models.TextChoices):
    """What an exception to the tariff does."""

    FREE = "free", "gratuité"
    AMOUNT = "amount", "réduction d'un montant"
    PERCENT = "percent", "réduction d'un pourcentage"
    NONE = "none", "fin de l'exception : le tarif de la campagne"


@dataclass(frozen=True)
class Bracket:
    """`price` is owed by the whole collectivity, up to `up_to` units; None: beyond the others."""

    up_to: int | None
    price: Decimal


@dataclass(frozen=True)
class Relief:
    """An exception: `value` in euros or in percent, by its kind."""

    kind: str
    value: Decimal
    reason: str = ""

    def off(self, gross: Decimal) -> Decimal:
        """Return what it takes off `gross`, never more than all of it."""
        if self.kind == ReliefKind.FREE:
            return gross
        if self.kind == ReliefKind.PERCENT:
            return min(gross, to_the_cent(gross * self.value / 100))
        return min(gross, self.value) if self.kind == ReliefKind.AMOUNT else ZERO


@dataclass(frozen=True)
class Charge:
    """What is owed, and how it comes about; `fees` are the schools' own lines, VAT in them.

    `number` is what was counted, None when that is the schools themselves; `lump` is the
    price of a bracket. An avenant's has the changes of each, below zero too.
    """

    schools: int
    number: int | None = None
    unit_fee: Decimal = ZERO
    lump: Decimal = ZERO
    vat: Decimal = ZERO
    reduction: Decimal = ZERO
    fees: tuple[Decimal, ...] = ()

    @property
    def quantity(self) -> int:
        return self.schools if self.number is None else self.number

    @property
    def net(self) -> Decimal:
        """Before VAT on top and before any reduction."""
        return self.quantity * self.unit_fee + self.lump

    @property
    def gross(self) -> Decimal:
        return self.net + self.vat

    @property
    def amount(self) -> Decimal:
        return self.gross - self.reduction

    def and_then(self, change: "Charge") -> "Charge":
        """Return it as `change` leaves it, at the same tariff."""
        number = None if self.number is None else self.number + (change.number or 0)
        return Charge(
            schools=self.schools + change.schools,
            number=number,
            unit_fee=self.unit_fee,
            lump=self.lump + change.lump,
            vat=self.vat + change.vat,
            reduction=self.reduction + change.reduction,
        )

    def less(self, before: "Charge") -> "Charge":
        """Return the change that leads here from `before`, at the same tariff."""
        number = None if self.number is None else self.number - (before.number or 0)
        return Charge(
            schools=self.schools - before.schools,
            number=number,
            unit_fee=self.unit_fee,
            lump=self.lump - before.lump,
            vat=self.vat - before.vat,
            reduction=self.reduction - before.reduction,
        )


@dataclass(frozen=True)
class Tariff:
    """A rule. `price` in euros, of a unit; `vat_rate` in percent, of VAT on top; 0 when included."""

    basis: str = Basis.SCHOOL
    price: Decimal = ZERO
    counted: str = ""
    brackets: tuple[Bracket, ...] = ()
    vat_rate: Decimal = ZERO

    @property
    def unit(self) -> str:
        """What is counted, as `Counted`; "" when nothing is."""
        if self.basis == Basis.BRACKETS:
            return self.counted
        return "" if self.basis in (Basis.FLAT, Basis.FREE) else self.basis

    @property
    def asks_numbers(self) -> bool:
        """Tell whether each school must have a number, of pupils or of classes."""
        return self.unit in (Counted.PUPIL, Counted.CLASS)

    def charge(self, numbers: Sequence[int], relief: Relief | None = None) -> Charge:
        """Return what a collectivity owes for its schools: `numbers` has what each counts for.

        Nothing without any school. Raises ValueError where no bracket holds the total.
        """
        schools, unit_fee = len(numbers), self.price
        number, lump = self._counted(numbers), self._lump(numbers)
        if self.basis in LUMP:
            lines = [(self.price if schools and self.basis == Basis.FLAT else ZERO) + lump]
            fees = (ZERO,) * schools
        else:
            lines = [each * unit_fee for each in self._weights(numbers)]
            fees = tuple(line + self._vat(line) for line in lines)
        vat = sum((self._vat(line) for line in lines), ZERO)
        charge = Charge(schools, number, unit_fee, lump, vat, fees=fees)
        if relief is None:
            return charge
        off = relief.off(charge.gross)
        return Charge(schools, number, unit_fee, lump, vat, off, fees)

    def _weights(self, numbers: Sequence[int]) -> Sequence[int]:
        return numbers if self.asks_numbers else [1] * len(numbers)

    def _counted(self, numbers: Sequence[int]) -> int | None:
        if self.basis == Basis.FLAT:
            return min(len(numbers), 1)
        return sum(numbers) if self.asks_numbers else None

    def _lump(self, numbers: Sequence[int]) -> Decimal:
        if self.basis != Basis.BRACKETS or not numbers:
            return ZERO
        return self.bracket_of(sum(self._weights(numbers))).price

    def bracket_of(self, number: int) -> Bracket:
        """Return the bracket that `number` units fall in."""
        for bracket in self.brackets:
            if bracket.up_to is None or number <= bracket.up_to:
                return bracket
        raise ValueError(f"No bracket holds {number}.")

    def _vat(self, net: Decimal) -> Decimal:
        return to_the_cent(net * self.vat_rate / 100)


def to_the_cent(amount: Decimal) -> Decimal:
    """Round half up, to the cent."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


# --- Brackets as they are typed -------------------------------------------------
_BRACKET = re.compile(r"(?:jusqu['’]?\s*[àa]\s*)?(\d{1,6})\s*:\s*(.+)", re.IGNORECASE)
_BEYOND = re.compile(r"(?:au[- ]del[àa]|et plus)\s*:\s*(.+)", re.IGNORECASE)


class UnreadableBrackets(ValueError):
    """What was typed is no list of brackets; the message (French) says at which line."""


def read_brackets(text: str) -> tuple[Bracket, ...]:
    """Read « jusqu'à 5 : 100 » a line, the last one « au-delà : 250 ».

    Raises UnreadableBrackets.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    brackets: list[Bracket] = []
    for number, line in enumerate(lines, 1):
        brackets.append(_read_bracket(number, line, is_last=number == len(lines)))
        if number > 1 and (brackets[-1].up_to or _LARGEST) <= (brackets[-2].up_to or 0):
            raise UnreadableBrackets(f"Ligne {number} : les tranches vont en croissant.")
    if len(brackets) < 2:
        raise UnreadableBrackets(
            "Donnez au moins deux tranches, une par ligne : « jusqu'à 5 : 100 », puis "
            "« au-delà : 250 »."
        )
    return tuple(brackets)


def _read_bracket(number: int, line: str, *, is_last: bool) -> Bracket:
    bounded, beyond = _BRACKET.fullmatch(line), _BEYOND.fullmatch(line)
    if is_last and beyond:
        return Bracket(None, _read_price(number, beyond[1]))
    if not is_last and bounded and int(bounded[1]):
        return Bracket(int(bounded[1]), _read_price(number, bounded[2]))
    wanted = "« au-delà : 250 »" if is_last else "« jusqu'à 5 : 100 »"
    raise UnreadableBrackets(f"Ligne {number} : écrivez {wanted}.")


def _read_price(number: int, typed: str) -> Decimal:
    plain = re.sub(r"[\s€]", "", typed).replace(",", ".")
    try:
        price = Decimal(plain)
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or not 0 <= price <= _LARGEST or price != to_the_cent(price):
        raise UnreadableBrackets(
            f"Ligne {number} : « {typed[:30]} » n'est pas un montant en euros."
        )
    return to_the_cent(price)


def write_brackets(brackets: Sequence[Bracket]) -> str:
    """Return brackets as `read_brackets` reads them."""
    return "\n".join(
        f"{'au-delà' if bracket.up_to is None else f'jusqu’à {bracket.up_to}'} : "
        f"{bracket.price:.2f}".replace(".", ",")
        for bracket in brackets
    )
