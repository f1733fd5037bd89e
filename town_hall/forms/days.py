"""A day as people type it: 24/11/26, 24.11.2026, 24112026, « 24 novembre 2026 »."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms

from documents.wording.typography import MONTHS
from tabular.folding import fold

_FOLDED_MONTHS = tuple(fold(month) for month in MONTHS)
NOT_A_DAY = "Donnez le jour, le mois et l'année, par exemple 24/11/2026."
# « le mardi 24 novembre 2026 », as letters and minutes have it.
_BEFORE = re.compile(r"^(le )?((lun|mar|mer|jeu|ven|sam|dim)[a-z]* )?")
# Of a folded text, whose signs between words are one space.
_IN_FIGURES = re.compile(r"(\d{1,2}) (\d{1,2}) (\d{4}|\d{2})", re.ASCII)
_CLOSED_UP = re.compile(r"(\d\d)(\d\d)(\d{4}|\d{2})", re.ASCII)
_IN_WORDS = re.compile(r"(\d{1,2})(?: ?er)? ([a-z]{3,9}) (\d{4}|\d{2})", re.ASCII)
_BY_THE_YEAR = re.compile(r"(\d{4}) (\d{2}) (\d{2})", re.ASCII)


def understood(text: str) -> str:
    """Return a day as DD/MM/YYYY, a year of two digits in this century; else `text` as it is."""
    folded = _BEFORE.sub("", fold(text))
    if found := _BY_THE_YEAR.fullmatch(folded):
        year, month, day = found.groups()
    elif found := _IN_FIGURES.fullmatch(folded) or _CLOSED_UP.fullmatch(folded):
        day, month, year = found.groups()
    elif (found := _IN_WORDS.fullmatch(folded)) and (number := _month(found[2])):
        day, month, year = found[1], number, found[3]
    else:
        return text
    return f"{day:0>2}/{month:0>2}/{year if len(year) == 4 else f'20{year}'}"


def _month(word: str) -> str:
    """Return the number of the one month that begins so, "" for none and for « jui »."""
    numbers = [str(at) for at, month in enumerate(_FOLDED_MONTHS, 1) if month.startswith(word)]
    return numbers[0] if len(numbers) == 1 else ""


class DayInput(forms.DateInput):
    """A day to type as one likes; `days.js` adds « Aujourd'hui » and the browser's calendar.

    The browser's own field of a date takes 25/11/26 for the year 26.
    """

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        written = {"data-day": True, "placeholder": "JJ/MM/AAAA", "autocomplete": "off"}
        super().__init__({**written, **(attrs or {})}, format="%d/%m/%Y")

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        value = super().value_from_datadict(data, files, name)
        return understood(value) if isinstance(value, str) else value

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        written = context["widget"]["attrs"]
        # What a calendar may offer is no attribute of a field of text.
        for said, meant in (("min", "data-first"), ("max", "data-last")):
            if said in written:
                written[meant] = written.pop(said)
        return context
