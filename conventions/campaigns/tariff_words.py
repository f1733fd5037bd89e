"""A tariff and what it comes to, in French: on papers, on screens, in titres."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import pairwise
from typing import Protocol

from conventions.campaigns.tariffs import (
    LUMP,
    Basis,
    Charge,
    Counted,
    Relief,
    ReliefKind,
    Tariff,
)
from documents.contexts import TariffWords
from documents.wording.typography import SPACE, count, euros, euros_and_cents

_NOUNS = {Counted.SCHOOL: "école", Counted.PUPIL: "élève", Counted.CLASS: "classe"}
# Schools of typed numbers that a calculation names.
_NAMED = 3
# What a titre has room for.
_TITRE = 200


def tariff_in_words(tariff: Tariff, relief: Relief | None = None, *, mention: bool = False) -> str:
    """Return "45 € par école et par an", for after « est de »; "TTC" said with `mention`."""
    if tariff.basis == Basis.FREE or (relief and relief.kind == ReliefKind.FREE):
        return f"0{SPACE}€"
    tax = " HT" if tariff.vat_rate else " TTC" if mention else ""
    words = _price_in_words(tariff, tax)
    if tariff.vat_rate:
        words += f", TVA à {_percent(tariff.vat_rate)} en sus"
    if relief and relief.kind != ReliefKind.NONE:
        words += f", avec une réduction de {_relief_value(relief)} ({relief.reason})"
    return words


def _price_in_words(tariff: Tariff, tax: str) -> str:
    if tariff.basis == Basis.FLAT:
        return f"{euros(tariff.price)}{tax} par collectivité et par an"
    if tariff.basis != Basis.BRACKETS:
        return f"{euros(tariff.price)}{tax} par {_NOUNS[Counted(tariff.unit)]} et par an"
    return _brackets_in_words(tariff, tax)


def _brackets_in_words(tariff: Tariff, tax: str) -> str:
    """Return "50 € par an pour une école, 90 € pour 2 ou 3 écoles et 120 € au-delà"."""
    noun = _NOUNS[Counted(tariff.unit)]
    first, *others = tariff.brackets
    parts = [f"{euros(first.price)}{tax} par an {_first_units(first.up_to or 0, tariff.unit)}"]
    for below, bracket in pairwise((first, *others)):
        units = _units((below.up_to or 0) + 1, bracket.up_to, noun)
        parts.append(f"{euros(bracket.price)}{tax} {units}")
    return f"{', '.join(parts[:-1])} et {parts[-1]}"


def _first_units(last: int, unit: str) -> str:
    """Nobody pays for no school; a school may have no pupil, nor a class."""
    noun = _NOUNS[Counted(unit)]
    one = f"une {noun}" if noun != "élève" else "un élève"
    if last > 1:
        return f"jusqu'à {count(last, noun)}"
    return f"pour {one}" if unit == Counted.SCHOOL else f"jusqu'à {one}"


def _units(first: int, last: int | None, noun: str) -> str:
    if last is None:
        return "au-delà"
    if first == last:
        return f"pour {count(last, noun)}"
    return f"pour {first} {'ou' if last == first + 1 else 'à'} {count(last, noun)}"


def tariff_of_titre(tariff: Tariff, relief: Relief | None = None) -> str:
    """Return the tariff as a titre states it, "45,00 € par école"; cut where it is long."""
    if tariff.basis == Basis.SCHOOL and not tariff.vat_rate and relief is None:
        return f"{euros_and_cents(tariff.price)} par école"
    words = tariff_in_words(tariff, relief)
    return words if len(words) <= _TITRE else f"{words[: _TITRE - 1]}…"


def base_in_words(tariff: Tariff) -> str:
    """Return what a collectivity takes part by: "à proportion du nombre d'écoles dont …"."""
    of_schools = "écoles dont elle a la charge et qui y sont inscrites pour l'année en cours"
    if tariff.basis == Basis.FLAT:
        return "par un forfait annuel, le même quel que soit le nombre d'écoles inscrites"
    if tariff.basis == Basis.FREE:
        return "sans contrepartie financière"
    noun = _NOUNS[Counted(tariff.unit)]
    number = "d'écoles" if noun == "école" else f"{_of(noun)}s des écoles"
    way = "selon des tranches du" if tariff.basis == Basis.BRACKETS else "à proportion du"
    return f"{way} nombre {number} {of_schools.removeprefix('écoles ')}"


def _of(noun: str) -> str:
    return f"d'{noun}" if noun[0] in "aeéiou" else f"de {noun}"


def calculation(tariff: Tariff, charge: Charge, relief: Relief | None = None) -> str:
    """Return "2 × 45 € soit 90 €", as a paper says it after « s'élève à »."""
    if is_free(tariff, relief):
        return f"0{SPACE}€ ({_why_free(relief)})"
    if tariff.unit == Counted.SCHOOL and tariff.basis != Basis.BRACKETS:
        gross = f"{charge.schools} × {euros(tariff.price)}{_tax(tariff)}"
    else:
        gross = _gross(tariff, charge, euros)
        gross = f"un {gross}" if gross.startswith("forfait") else gross
    return _summed(tariff, charge, relief, gross, euros, " soit ")


def liquidation(tariff: Tariff, charge: Charge, relief: Relief | None = None) -> str:
    """Return "2 écoles × 45,00 € = 90,00 €", as a titre says it."""
    gross = _gross(tariff, charge, euros_and_cents)
    return _summed(tariff, charge, relief, gross, euros_and_cents, " = ")


def _gross(tariff: Tariff, charge: Charge, euros: Callable[[Decimal], str]) -> str:
    if tariff.basis == Basis.FREE:
        return "gratuit"
    if tariff.basis == Basis.FLAT:
        return f"forfait de {euros(charge.net)}{_tax(tariff)}"
    counted = count(charge.quantity, _NOUNS[Counted(tariff.unit)])
    if tariff.basis == Basis.BRACKETS:
        return f"forfait de {euros(charge.lump)}{_tax(tariff)} pour {counted}"
    return f"{counted} × {euros(tariff.price)}{_tax(tariff)}"


def _tax(tariff: Tariff) -> str:
    return " HT" if tariff.vat_rate else ""


def _summed(
    tariff: Tariff,
    charge: Charge,
    relief: Relief | None,
    gross: str,
    euros: Callable[[Decimal], str],
    equals: str,
) -> str:
    words = gross
    if tariff.vat_rate:
        words += f" plus {euros(charge.vat)} de TVA à {_percent(tariff.vat_rate)}"
        words += (
            " (arrondie au centime, école par école)" if _has_many_lines(tariff, charge) else ""
        )
    if relief and charge.reduction:
        # An amount off is said once, unless less was left to take off.
        is_whole = relief.kind == ReliefKind.AMOUNT and charge.reduction == relief.value
        why = relief.reason if is_whole else relief_in_words(relief)
        words += f" moins {euros(charge.reduction)} de réduction ({why})"
    is_said = words == gross and gross.removeprefix("un ").startswith("forfait")
    return words if is_said else f"{words}{equals}{euros(charge.amount)}"


def _has_many_lines(tariff: Tariff, charge: Charge) -> bool:
    return tariff.basis not in LUMP and charge.schools > 1


def change_in_words(tariff: Tariff, change: Charge, added: int, removed: int) -> str:
    """Return "(3 écoles ajoutées moins 1 école retirée) × 45,00 € = 90,00 €", of an avenant."""
    parts = [
        f"{sign}{count(schools, 'école')} {word}{'s' if schools > 1 else ''}"
        for schools, sign, word in (
            (added, "", "ajoutée"),
            (removed, "moins " if added else "", "retirée"),
        )
        if schools
    ]
    schools = f"({' '.join(parts)})" if len(parts) > 1 else "".join(parts)
    if tariff.basis == Basis.SCHOOL:
        words = f"{schools} × {euros_and_cents(tariff.price)}"
    elif tariff.unit and tariff.basis != Basis.BRACKETS:
        more = f"{'plus' if change.quantity >= 0 else 'moins'}"
        counted = count(abs(change.quantity), _NOUNS[Counted(tariff.unit)])
        words = f"{schools} : {counted} en {more} × {euros_and_cents(tariff.price)}"
    else:
        words = f"{schools} : forfait " + (
            f"changé de {euros_and_cents(change.net)}" if change.net else "inchangé"
        )
    if change.vat:
        words += f", TVA {euros_and_cents(change.vat)}"
    if change.reduction:
        words += f", réduction {euros_and_cents(-change.reduction)}"
    return f"{words} = {euros_and_cents(change.amount)}"


def is_free(tariff: Tariff, relief: Relief | None) -> bool:
    """Tell whether nothing is asked for whatever the schools."""
    return tariff.basis == Basis.FREE or (relief is not None and relief.kind == ReliefKind.FREE)


def counted(number: int, unit: str) -> str:
    """Return "45 élèves"."""
    return count(number, _NOUNS[Counted(unit)])


class Line(Protocol):
    """A school as it is counted."""

    uai: str
    name: str

    @property
    def weight(self) -> int: ...

    @property
    def is_typed(self) -> bool: ...


def typed_in_words(tariff: Tariff, lines: Iterable[Line]) -> str:
    """Return " (nombre retenu pour l'année : 45 élèves à Jules Ferry, 0341255E)", "" for none.

    It follows the calculation of what some schools come to; a few are named.
    """
    typed = [line for line in lines if line.is_typed] if tariff.asks_numbers else []
    if not typed:
        return ""
    named = [f"{counted(line.weight, tariff.unit)} à {line.name}, {line.uai}" for line in typed]
    if len(named) > _NAMED:
        named[_NAMED:] = [count(len(named) - _NAMED, "autre")]
    what = "nombre retenu" if len(typed) == 1 else "nombres retenus"
    return f" ({what} pour l'année : {' ; '.join(named)})"


def on_papers(
    tariff: Tariff, charge: Charge, relief: Relief | None, *, note: str = ""
) -> TariffWords:
    """Return everything that papers say of a tariff, and what `charge` comes to by it.

    `note` follows the calculation, of what is not free.
    """
    is_asked = not is_free(tariff, relief)
    return TariffWords(
        price=tariff_in_words(tariff, relief),
        price_with_mention=tariff_in_words(tariff, relief, mention=True),
        base=base_in_words(tariff),
        calculation=calculation(tariff, charge, relief) + (note if is_asked else ""),
        is_free=not is_asked,
    )


def _why_free(relief: Relief | None) -> str:
    return f"gratuité : {relief.reason}" if relief and relief.reason else "gratuit"


def relief_in_words(relief: Relief) -> str:
    """Return "10 %, commune nouvelle", "gratuité, …"."""
    value = "gratuité" if relief.kind == ReliefKind.FREE else _relief_value(relief)
    return f"{value}, {relief.reason}"


def _relief_value(relief: Relief) -> str:
    return _percent(relief.value) if relief.kind == ReliefKind.PERCENT else euros(relief.value)


def _percent(rate: Decimal) -> str:
    return f"{rate.normalize():f}".replace(".", ",") + f"{SPACE}%"
