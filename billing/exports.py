"""Claims as files: CSV for programs, XLSX for spreadsheets, from the same columns.

CSV values stand as they are. A spreadsheet that opens the CSV by a double click
turns a SIRET into a rounded number and drops the leading zero of a postcode; writing
="…" around them would cure that and break every other reader, so the XLSX, whose
cells are typed, is the file to open in a spreadsheet, and the screen says so.
"""

import datetime
from collections.abc import Iterable, Iterator
from decimal import Decimal
from io import BytesIO

import xlsxwriter
from xlsxwriter.format import Format

from conventions import exports
from documents import typography

from . import liquidation
from .claims import Claim
from .columns import COLUMNS, Kind, Value

CONTENT_TYPES = {
    "csv": exports.CONTENT_TYPE,
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

_NUMBER_FORMATS = {
    Kind.TEXT: "@",
    Kind.MONEY: "#,##0.00 €",
    Kind.INTEGER: "0",
    Kind.DATE: "dd/mm/yyyy",
}


def filename(school_year: str, file_format: str) -> str:
    """Return "titres-de-perception-2022-2023.csv"."""
    return f"titres-de-perception-{school_year}.{file_format}"


def export(claims: Iterable[Claim], file_format: str, school_year: str) -> Iterator[bytes]:
    """Yield the bytes of the file in `file_format` ("csv" or "xlsx")."""
    if file_format == "csv":
        yield from csv_lines(claims)
    else:
        yield xlsx(claims, school_year)


def _plain_spaces(text: str) -> str:
    """No-break spaces are for reading; in a file they defeat searching."""
    return text.replace(typography.SPACE, " ").replace(typography.NARROW_SPACE, " ")


# --- CSV --------------------------------------------------------------------
def csv_lines(claims: Iterable[Claim]) -> Iterator[bytes]:
    """Yield the CSV line by line: `;`, UTF-8 with BOM, CRLF, decimal comma, JJ/MM/AAAA."""
    header = [column.header for column in COLUMNS]
    rows = ([csv_cell(column.take(claim)) for column in COLUMNS] for claim in claims)
    return exports.csv_lines(header, rows)


def csv_cell(value: Value) -> str:
    """Return `value` as CSV text; a text that would run as a formula gets an apostrophe."""
    match value:
        case None:
            return ""
        case Decimal():
            return liquidation.decimal_comma(value)
        case datetime.date():
            return liquidation.french_date(value)
        case int():
            return str(value)
    return exports.harmless(_plain_spaces(value))


# --- XLSX -------------------------------------------------------------------
def xlsx(claims: Iterable[Claim], school_year: str) -> bytes:
    """Return a workbook of one sheet: typed cells, fixed header, filter, a row of totals.

    The same claims give the same bytes: the creation date is the start of the school
    year, not the clock's.
    """
    target = BytesIO()
    with xlsxwriter.Workbook(target, {"constant_memory": True}) as workbook:
        workbook.set_properties(
            {
                "title": f"Titres de perception {school_year}",
                "created": datetime.datetime(int(school_year[:4]), 9, 1),  # noqa: DTZ001
            }
        )
        sheet = workbook.add_worksheet(school_year)
        cell_formats = _formats(workbook)
        for index, column in enumerate(COLUMNS):
            sheet.set_column(index, index, column.width, cell_formats[column.kind])
        sheet.freeze_panes(1, 1)
        _write_header(sheet, workbook.add_format({"bold": True, "text_wrap": True}))
        row, totals = _write_claims(sheet, claims, cell_formats)
        sheet.autofilter(0, 0, row, len(COLUMNS) - 1)
        _write_totals(sheet, row + 1, totals, _formats(workbook, bold=True, top=1))
    return target.getvalue()


def _formats(workbook, **style) -> dict[Kind, Format]:
    return {
        kind: workbook.add_format({"num_format": number_format, **style})
        for kind, number_format in _NUMBER_FORMATS.items()
    }


def _write_header(sheet, header_format):
    for index, column in enumerate(COLUMNS):
        sheet.write_string(0, index, column.header, header_format)


def _write_claims(sheet, claims, formats):
    """Write one row a claim; return the number of the last row and the totals by column."""
    totals = {index: Decimal() for index, column in enumerate(COLUMNS) if column.is_totalled}
    row = 0
    for row, claim in enumerate(claims, start=1):
        for index, column in enumerate(COLUMNS):
            value = column.take(claim)
            _write_cell(sheet, row, index, value, column.kind, formats[column.kind])
            if column.is_totalled:
                totals[index] += value
    return row, totals


def _write_totals(sheet, row, totals, formats):
    for index, column in enumerate(COLUMNS):
        value = "Total" if index == 0 else totals.get(index)
        _write_cell(sheet, row, index, value, column.kind, formats[column.kind])


def _write_cell(sheet, row, index, value, kind, cell_format):
    """Write by kind, never by guess: a text is never read as a number or a formula."""
    if value is None or value == "":
        sheet.write_blank(row, index, None, cell_format)
    elif kind is Kind.DATE:
        sheet.write_datetime(row, index, value, cell_format)
    elif kind is Kind.TEXT:
        sheet.write_string(row, index, _plain_spaces(value), cell_format)
    else:
        sheet.write_number(row, index, value, cell_format)
