"""What is asked for and how that is spelled out: pure functions, Decimal only.

A titre de perception states the bases of its liquidation (décret 2012-1246, article 24;
CRPA, article L212-1).
"""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from documents.wording.typography import count, euros_and_cents

_WHAT = "Participation à l'espace numérique de travail des écoles (ENT-École), année scolaire"


@dataclass(frozen=True)
class Part:
    """What one signed paper, or one decision, adds to what is due.

    `key` is "" for the convention, "A1" for its first avenant, "D7" for a decision; `name`
    names it in a sentence ("convention ENT-2022-34337", "avenant n° 1"); `amount` in euros has
    its sign; `calculation` is how it comes about, in words.
    """

    key: str
    name: str
    dated_on: datetime.date
    amount: Decimal
    calculation: str


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum of `amounts`, in euros to the cent; 0.00 of nothing."""
    return sum(amounts, Decimal("0.00"))


def french_date(day: datetime.date) -> str:
    """Return `day` as "10/10/2022"."""
    return f"{day:%d/%m/%Y}"


def basis(parts: Sequence[Part], amount: Decimal, *, reference: str, school_year: str) -> str:
    """Return the basis of liquidation of a titre that asks for `parts`, `amount` in all.

    "2 écoles × 45,00 € = 90,00 €, convention ENT-2022-34337 du 10/10/2022, année scolaire
    2022-2023"; several parts are named one after the other, with what they come to. `amount`
    has its sign: where a reduction is asked for in several titres, it is only a share.
    """
    year = f"année scolaire {school_year}"
    if len(parts) > 1:
        listed = " ; ".join(
            f"{part.name} du {french_date(part.dated_on)} : {part.calculation}" for part in parts
        )
        sum_of_all = euros_and_cents(total(part.amount for part in parts))
        words = f"{listed[:1].upper()}{listed[1:]} ; soit {sum_of_all}"
        if all(part.key for part in parts):
            words += f", convention {reference}"
    else:
        (part,) = parts
        dated = f"{part.name} du {french_date(part.dated_on)}"
        if not part.key:
            words = f"{part.calculation}, {dated}"
        elif part.key.startswith("A"):
            name = f"{part.name[:1].upper()}{part.name[1:]}"
            on = french_date(part.dated_on)
            words = f"{name} : {part.calculation}, convention {reference}, avenant du {on}"
        else:
            words = f"{dated[:1].upper()}{dated[1:]} : {part.calculation}, convention {reference}"
    share = "" if amount == total(part.amount for part in parts) else _share(amount)
    return f"{words}{share}, {year}"


def _share(amount: Decimal) -> str:
    return f" ; ce titre : {euros_and_cents(amount)}"


def subject(schools: int, school_year: str) -> str:
    """Return what a titre is for ("objet"), on one line."""
    return f"{_WHAT} {school_year}, {count(schools, 'école')}"


def change_subject(parts: Sequence[Part], balance: int, school_year: str) -> str:
    """Return what a titre is for that only changes what was asked; `balance` is of schools."""
    names = " et ".join(part.name for part in parts)
    words = f"{_WHAT} {school_year}, {names}"
    if balance:
        words += f" : {count(abs(balance), 'école')} en {'plus' if balance > 0 else 'moins'}"
    return words


def cancellation(number: str, on: datetime.date, reason: str) -> str:
    """Return the basis of a cancelling titre; `number` and `on` are those of what it cancels."""
    return f"Annulation du titre n° {number} du {french_date(on)} : {reason}"


def period(starts_on: datetime.date, ends_on: datetime.date) -> str:
    """Return the period that the participation covers, "du 01/09/2022 au 01/09/2023"."""
    return f"du {french_date(starts_on)} au {french_date(ends_on)}"
