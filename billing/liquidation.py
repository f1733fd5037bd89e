"""What a claim amounts to and how that is spelled out: pure functions, Decimal only.

A titre de perception states the bases of its liquidation (décret 2012-1246,
article 24): here the number of schools times the tariff of the convention, nothing else.
"""

import datetime
from collections.abc import Iterable
from decimal import Decimal

from documents.wording.typography import count, euros_and_cents

CENT = Decimal("0.01")


def amount(schools: int, tariff: Decimal) -> Decimal:
    """Return what `schools` schools cost at `tariff` euros each, in euros to the cent.

    Raises ValueError for a tariff that is not a whole number of cents: rounding it
    would make the sum of the claims differ from the claim of the sum.
    """
    if tariff != tariff.quantize(CENT):
        raise ValueError(f"{tariff} is not a whole number of cents")
    return (schools * tariff).quantize(CENT)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum of `amounts`, in euros to the cent; 0.00 of nothing."""
    return sum(amounts, Decimal("0.00"))


def decimal_comma(value: Decimal) -> str:
    """Return `value` for a file that a French spreadsheet reads as a number: "1234,50"."""
    return f"{value:.2f}".replace(".", ",")


def french_date(day: datetime.date) -> str:
    """Return `day` as "10/10/2022"."""
    return f"{day:%d/%m/%Y}"


def basis(
    schools: int,
    tariff: Decimal,
    *,
    reference: str,
    signed_on: datetime.date,
    school_year: str,
) -> str:
    """Return the basis of liquidation in words.

    "2 écoles x 45,00 € = 90,00 €, convention ENT-2022-34337 du 10/10/2022, année
    scolaire 2022-2023"; `signed_on` is the date of the last signature.
    """
    due = amount(schools, tariff)
    return (
        f"{count(schools, 'école')} x {euros_and_cents(tariff)} = {euros_and_cents(due)}, "
        f"convention {reference} du {french_date(signed_on)}, année scolaire {school_year}"
    )


def amendment_basis(
    number: int,
    added: int,
    removed: int,
    tariff: Decimal,
    *,
    reference: str,
    signed_on: datetime.date,
    school_year: str,
) -> str:
    """Return the basis of liquidation of what avenant `number` changes.

    "Avenant n° 1 : 1 école ajoutée x 45,00 € = 45,00 €, convention ENT-2022-34337, avenant du
    09/01/2023, année scolaire 2022-2023"; what it removes is deducted.
    """
    change = amount(added - removed, tariff)
    parts = [
        f"{sign}{count(schools, 'école')} {word}{'s' if schools > 1 else ''}"
        for schools, sign, word in (
            (added, "", "ajoutée"),
            (removed, "moins " if added else "", "retirée"),
        )
        if schools
    ]
    schools = " ".join(parts)
    if len(parts) > 1:
        schools = f"({schools})"
    return (
        f"Avenant n° {number} : {schools} x {euros_and_cents(tariff)} = {euros_and_cents(change)}, "
        f"convention {reference}, avenant du {french_date(signed_on)}, année scolaire {school_year}"
    )


def amendment_subject(number: int, balance: int, school_year: str) -> str:
    """Return what the claim of avenant `number` is for; `balance` is schools added less removed."""
    change = f"{count(abs(balance), 'école')} en {'plus' if balance > 0 else 'moins'}"
    return (
        f"Participation à l'espace numérique de travail des écoles (ENT-École), "
        f"année scolaire {school_year}, avenant n° {number} : {change}"
    )


def subject(schools: int, school_year: str) -> str:
    """Return what the claim is for ("objet"), on one line."""
    return (
        f"Participation à l'espace numérique de travail des écoles (ENT-École), "
        f"année scolaire {school_year}, {count(schools, 'école')}"
    )


def period(starts_on: datetime.date, ends_on: datetime.date) -> str:
    """Return the period that the participation covers, "du 01/09/2022 au 01/09/2023"."""
    return f"du {french_date(starts_on)} au {french_date(ends_on)}"


def budget_year(signed_on: datetime.date) -> int:
    """Return the budget year a claim is proposed for: the year of the last signature.

    [I] An inference, kept in this one place: the last signature makes the State's
    right certain, so the claim is proposed for the budget of that year, not for the
    two calendar years that a school year touches. No source read so far settles it.
    """
    return signed_on.year
