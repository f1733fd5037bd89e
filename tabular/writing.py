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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    """What a column holds: TEXT stays one when it is typed again (a code), PROSE is words."""

    TEXT = auto()
    PROSE = auto()
    MONEY = auto()
    INTEGER = auto()
    DATE = auto()
    MOMENT = auto()


# PROSE has none: spreadsheets show ##### for a text of more than 255 characters under "@".
_NUMBER_FORMATS = {
    Kind.TEXT: "@",
    Kind.MONEY: "#,##0.00 €",
    Kind.INTEGER: "0",
    Kind.DATE: "dd/mm/yyyy",
    Kind.MOMENT: "dd/mm/yyyy hh:mm:ss",
}
Formats = Mapping[Kind, Format | None]
_WORDS = (Kind.TEXT, Kind.PROSE)


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
    return csv_rows(columns, rows_of(columns, objects))


def csv_rows(columns: Sequence[Column], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """Yield the same of rows of values, each in the order of `columns`."""
    writer = csv.writer(_Line(), delimiter=";", lineterminator="\r\n")
    yield BYTE_ORDER_MARK
    yield writer.writerow([column.header for column in columns])
    for row in rows:
        yield writer.writerow([csv_cell(value) for value in row])


def rows_of(columns: Sequence[Column], objects: Iterable) -> Iterator[list[Value]]:
    """Yield the values of each object, in the order of `columns`."""
    for item in objects:
        yield [column.take(item) for column in columns]


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
@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook: `rows` hold values in the order of `columns`.

    With `has_totals`, the last row adds up the columns that say so.
    """

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]
    has_totals: bool = False


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
    sheet = Sheet(sheet_name, columns, rows_of(columns, objects), has_totals=True)
    write_workbook(target, [sheet], title=title, created=created)


def write_workbook(
    target: IO[bytes],
    sheets: Iterable[Sheet],
    *,
    title: str,
    created: datetime.datetime | None = None,
) -> None:
    """Write a workbook, sheet after sheet, each set up to be printed.

    With `created`, the same rows give the same bytes.
    """
    with xlsxwriter.Workbook(target, {"constant_memory": True}) as workbook:
        workbook.set_properties({"title": title} | ({"created": created} if created else {}))
        formats, bold = _formats(workbook), _formats(workbook, bold=True, top=1)
        header_format = workbook.add_format({"bold": True, "text_wrap": True})
        for sheet in sheets:
            _write_sheet(workbook.add_worksheet(sheet.name), sheet, formats, bold, header_format)


def _formats(workbook: xlsxwriter.Workbook, **style: Any) -> Formats:
    return {
        kind: workbook.add_format({"num_format": number_format, **style})
        for kind, number_format in _NUMBER_FORMATS.items()
    } | {Kind.PROSE: workbook.add_format(style) if style else None}


def _write_sheet(
    worksheet: Worksheet,
    sheet: Sheet,
    formats: Formats,
    bold: Formats,
    header_format: Format,
) -> None:
    _set_up_to_print(worksheet, sheet)
    for index, column in enumerate(sheet.columns):
        worksheet.set_column(index, index, column.width, formats[column.kind])
        worksheet.write_string(0, index, column.header, header_format)
    worksheet.freeze_panes(1, 1)
    write = _row_writer(worksheet, sheet.columns, formats)
    totals = {index: Decimal() for index, column in enumerate(sheet.columns) if column.is_totalled}
    number = 0
    for number, row in enumerate(sheet.rows, start=1):
        write(number, row)
        if sheet.has_totals:
            for index in totals:
                totals[index] += row[index]
    worksheet.autofilter(0, 0, number, len(sheet.columns) - 1)
    if sheet.has_totals and totals:
        last = ["Total", *(totals.get(index) for index in range(1, len(sheet.columns)))]
        _row_writer(worksheet, sheet.columns, bold)(number + 1, last)


def _set_up_to_print(worksheet: Worksheet, sheet: Sheet) -> None:
    """A4 landscape, one page wide, the header on each page."""
    worksheet.set_paper(9)
    worksheet.set_landscape()
    worksheet.fit_to_pages(1, 0)
    worksheet.repeat_rows(0)
    worksheet.set_footer(f"&L{sheet.name}&R&P / &N")


def _row_writer(
    worksheet: Worksheet, columns: Sequence[Column], formats: Formats
) -> Callable[[int, Sequence[Any]], None]:
    """Return what writes a row, each value by the kind of its column, never by guess.

    A text is never read as a number or a formula. A cell left empty has the format of its
    column. What can be is settled here, not at each cell: there are millions of them.
    """

    def write_moment(row: int, index: int, value: Any, style: Format | None) -> None:
        worksheet.write_datetime(row, index, timezone.make_naive(value), style)

    by_kind = {
        Kind.MOMENT: write_moment,
        Kind.DATE: worksheet.write_datetime,
        Kind.MONEY: worksheet.write_number,
        Kind.INTEGER: worksheet.write_number,
    }
    write_string = worksheet.write_string
    styled = [(i, column.kind, formats[column.kind]) for i, column in enumerate(columns)]
    texts = [(index, style) for index, kind, style in styled if kind in _WORDS]
    others = [(by_kind[kind], i, style) for i, kind, style in styled if kind not in _WORDS]

    def write(number: int, row: Sequence[Any]) -> None:
        for index, style in texts:
            value = row[index]
            if value is not None and value != "":
                text = str(value)
                # Told at once, and most often so.
                plain = text if text.isascii() else _plain(text)
                write_string(number, index, plain, style)
        for write_value, index, style in others:
            value = row[index]
            if value is not None and value != "":
                write_value(number, index, value, style)

    return write


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")
