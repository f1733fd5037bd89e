"""Claims as files, by the columns declared in `billing.columns`."""

import datetime
from collections.abc import Iterable, Iterator
from io import BytesIO

from billing.claims import Claim
from billing.columns import COLUMNS
from tabular import writing

CONTENT_TYPES = writing.CONTENT_TYPES


def filename(school_year: str, file_format: str) -> str:
    """Return "titres-de-perception-2022-2023.csv"."""
    return f"titres-de-perception-{school_year}.{file_format}"


def export(claims: Iterable[Claim], file_format: str, school_year: str) -> Iterator[bytes]:
    """Yield the bytes of the file in `file_format` ("csv" or "xlsx")."""
    if file_format == "csv":
        yield from csv_lines(claims)
    else:
        yield xlsx(claims, school_year)


def csv_lines(claims: Iterable[Claim]) -> Iterator[bytes]:
    """Yield the CSV line by line."""
    return writing.csv_lines(COLUMNS, claims)


def xlsx(claims: Iterable[Claim], school_year: str) -> bytes:
    """Return the workbook.

    The same claims give the same bytes: the creation date is the start of the school
    year, not the clock's.
    """
    target = BytesIO()
    writing.write_xlsx(
        target,
        COLUMNS,
        claims,
        title=f"Titres de perception {school_year}",
        sheet_name=school_year,
        created=datetime.datetime(int(school_year[:4]), 9, 1),  # noqa: DTZ001
    )
    return target.getvalue()
