"""Days that can be: the rule alone, for whatever floor holds a date.

A browser takes 25/11/26 for the year 26, and a slip of the finger makes 1950 of it.
"""

import datetime
from dataclasses import dataclass


@dataclass(frozen=True)
class Days:
    """The days, both included, between which something can have happened."""

    first: datetime.date
    last: datetime.date

    def refusal_on(self, day: datetime.date, today: datetime.date) -> str:
        """Return why `day` cannot be (French), with the year that was meant; "" when it can."""
        if self.first <= day <= self.last:
            return ""
        if year := self._year_meant(day):
            return f"L'année {day.year:04} n'est pas possible ici. Vouliez-vous dire {year} ?"
        if day > self.last > today:
            return f"Cette date est trop lointaine : donnez une date jusqu'au {_day(self.last)}."
        if day > self.last:
            return "Cette date est dans le futur : enregistrez-la une fois le fait accompli."
        return f"Cette date est trop ancienne : donnez une date à partir du {_day(self.first)}."

    def _year_meant(self, day: datetime.date) -> int | None:
        """The year in which that day can be, of a day whose year is none of these.

        The one that was typed with two digits, else the latest.
        """
        if self.first.year <= day.year <= self.last.year:
            return None
        years = range(self.last.year, self.first.year - 1, -1)
        for year in sorted(years, key=lambda year: year % 100 != day.year % 100):
            try:
                meant = day.replace(year=year)
            except ValueError:  # A 29 February.
                continue
            if self.first <= meant <= self.last:
                return year
        return None


def _day(day: datetime.date) -> str:
    return f"{day:%d/%m/%Y}"
