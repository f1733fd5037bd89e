"""Tables as files: CSV for programs, XLSX for spreadsheets, from columns declared once.

Both are written row by row, whatever their number, in constant memory.

CSV values stand as they are. A spreadsheet that opens the CSV by a double click
turns a SIRET into a rounded number and drops the leading zero of a postcode; writing
="…" around them would cure that and break every other reader, so the XLSX, whose
cells are typed, is the file to open in a spreadsheet.
"""

import csv
import datetime
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import IO, Any

import xlsxwriter
from django.http import FileResponse, StreamingHttpResponse
from django.utils import timezone
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# What a spreadsheet takes for the start of a formula (CWE-1236).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# No-break spaces are for reading; in a file they defeat searching.
_PLAIN_SPACES = str.maketrans("\u00a0\u202f", "  ")

Value = str | int | Decimal | datetime.date | datetime.datetime | None


class Kind(Enum):
    TEXT = auto()
    MONEY = auto()
    INTEGER = auto()
    DATE = auto()
    MOMENT = auto()


_NUMBER_FORMATS = {
    Kind.TEXT: "@",
    Kind.MONEY: "#,##0.00 €",
    Kind.INTEGER: "0",
    Kind.DATE: "dd/mm/yyyy",
    Kind.MOMENT: "dd/mm/yyyy hh:mm:ss",
}


@dataclass(frozen=True)
class Column:
    """One column: its header, what it holds and how it is taken from a row's object.

    `meaning` explains it where the screen does; `width` is in characters, for a
    spreadsheet; `is_totalled` adds it up in the last row.
    """

    header: str
    kind: Kind
    take: Callable[[Any], Value]
    meaning: str = ""
    width: int = 16
    is_totalled: bool = False


def response(
    columns: Sequence[Column], objects: Iterable, file_format: str, *, name: str, title: str
) -> StreamingHttpResponse:
    """Return the table as a download, "`name`.csv" or "`name`.xlsx"."""
    filename = f"{name}.{file_format}"
    if file_format == "csv":
        return StreamingHttpResponse(
            csv_lines(columns, objects),
            CONTENT_TYPES["csv"],
            headers={"Content-Disposition": f'attachment; filename="{filename}"'},
        )
    target = tempfile.TemporaryFile()  # noqa: SIM115 (closed by the response)
    write_xlsx(target, columns, objects, title=title)
    target.seek(0)
    return FileResponse(
        target, as_attachment=True, filename=filename, content_type=CONTENT_TYPES["xlsx"]
    )


# --- CSV --------------------------------------------------------------------
class _Line:
    """What csv writes to: hands back each line as it is made."""

    def write(self, line: str) -> bytes:
        return line.encode()


def csv_lines(columns: Sequence[Column], objects: Iterable) -> Iterator[bytes]:
    """Yield the CSV line by line: `;`, UTF-8 with BOM, CRLF, decimal comma, JJ/MM/AAAA."""
    writer = csv.writer(_Line(), delimiter=";", lineterminator="\r\n")
    yield BYTE_ORDER_MARK
    yield writer.writerow([column.header for column in columns])
    for item in objects:
        yield writer.writerow([csv_cell(column.take(item)) for column in columns])


def csv_cell(value: Value) -> str:
    """Return `value` as CSV text; a text that would run as a formula gets an apostrophe."""
    match value:
        case None:
            return ""
        case Decimal():
            return f"{value:.2f}".replace(".", ",")
        case datetime.datetime():
            return f"{timezone.localtime(value):%d/%m/%Y %H:%M:%S}"
        case datetime.date():
            return f"{value:%d/%m/%Y}"
        case int():
            return str(value)
    text = str(value).translate(_PLAIN_SPACES)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


# --- XLSX -------------------------------------------------------------------
def write_xlsx(
    target: IO[bytes],
    columns: Sequence[Column],
    objects: Iterable,
    *,
    title: str,
    sheet_name: str = "Liste",
    created: datetime.datetime | None = None,
) -> None:
    """Write a workbook of one sheet: typed cells, fixed header, filter, totals if any.

    With `created`, the same objects give the same bytes.
    """
    with xlsxwriter.Workbook(target, {"constant_memory": True}) as workbook:
        workbook.set_properties({"title": title} | ({"created": created} if created else {}))
        sheet = workbook.add_worksheet(sheet_name)
        formats = _formats(workbook)
        header_format = workbook.add_format({"bold": True, "text_wrap": True})
        for index, column in enumerate(columns):
            sheet.set_column(index, index, column.width, formats[column.kind])
            sheet.write_string(0, index, column.header, header_format)
        sheet.freeze_panes(1, 1)
        row, totals = _write_rows(sheet, columns, objects, formats)
        sheet.autofilter(0, 0, row, len(columns) - 1)
        if totals:
            _write_totals(sheet, row + 1, columns, totals, _formats(workbook, bold=True, top=1))


def _formats(workbook: xlsxwriter.Workbook, **style: Any) -> dict[Kind, Format]:
    return {
        kind: workbook.add_format({"num_format": number_format, **style})
        for kind, number_format in _NUMBER_FORMATS.items()
    }


def _write_rows(
    sheet: Worksheet,
    columns: Sequence[Column],
    objects: Iterable[Any],
    formats: dict[Kind, Format],
) -> tuple[int, dict[int, Decimal]]:
    """Write one row an object; return the number of the last row and the totals by column."""
    totals = {index: Decimal() for index, column in enumerate(columns) if column.is_totalled}
    row = 0
    for row, item in enumerate(objects, start=1):
        for index, column in enumerate(columns):
            value: Any = column.take(item)
            _write_cell(sheet, row, index, value, column.kind, formats[column.kind])
            if column.is_totalled:
                totals[index] += value
    return row, totals


def _write_totals(
    sheet: Worksheet,
    row: int,
    columns: Sequence[Column],
    totals: dict[int, Decimal],
    formats: dict[Kind, Format],
) -> None:
    for index, column in enumerate(columns):
        value = "Total" if index == 0 else totals.get(index)
        _write_cell(sheet, row, index, value, column.kind, formats[column.kind])


def _write_cell(
    sheet: Worksheet, row: int, index: int, value: Any, kind: Kind, cell_format: Format
) -> None:
    """Write by kind, never by guess: a text is never read as a number or a formula."""
    if value is None or value == "":
        sheet.write_blank(row, index, None, cell_format)
    elif kind is Kind.MOMENT:
        sheet.write_datetime(row, index, timezone.make_naive(value), cell_format)
    elif kind is Kind.DATE:
        sheet.write_datetime(row, index, value, cell_format)
    elif kind is Kind.TEXT:
        sheet.write_string(row, index, str(value).translate(_PLAIN_SPACES), cell_format)
    else:
        sheet.write_number(row, index, value, cell_format)
