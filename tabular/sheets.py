"""Any table that people send: CSV of any kind or a workbook, as headers and rows of text."""

import csv
import datetime
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from tabular.reading import (
    DELIMITERS,
    MAX_BYTES,
    Column,
    Row,
    Table,
    UnreadableFile,
    decode,
    places_of,
)

_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
MOST_ROWS = 200_000
_HEADER_WITHIN = 20


@dataclass(frozen=True)
class Line:
    """A row as it came: its line in the file, from 1, and its cells, as many as the headers."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class TextTable:
    headers: tuple[str, ...]
    lines: list[Line]


def read_table(content: bytes) -> TextTable:
    """Return the first table of a CSV, XLSX, XLS or ODS file; empty rows are left out.

    Raises UnreadableFile (French) when nothing can be made of the file.
    """
    headers, *below = _filled(content)
    return _table(headers, below)


def read_columns(content: bytes, columns: Sequence[Column]) -> Table:
    """Return the rows of a CSV or workbook that people keep, by the names of `columns`.

    The header is the row that names most of them among the first twenty: titles above it, blank
    rows and rows of totals without any of these cells are passed over. Raises UnreadableFile.
    """
    rows = _filled(content)
    best = max(rows[:_HEADER_WITHIN], key=lambda row: len(places_of(row.cells, columns)))
    places = places_of(best.cells, columns)
    if not places:
        present = ", ".join(f"« {cell[:40]} »" for cell in rows[0].cells if cell)
        raise UnreadableFile(f"Aucune colonne connue. Les en-têtes du fichier sont : {present}.")
    table = _table(best, rows[rows.index(best) + 1 :])
    return Table(
        [
            Row(row.number, {name: row.cells[i] for name, i in places.items()})
            for row in table.lines
        ],
        [],
    )


def _filled(content: bytes) -> list[Line]:
    """Return the rows that hold something, at least one; each as wide as it came."""
    if len(content) > MAX_BYTES:
        raise UnreadableFile(f"Le fichier dépasse {MAX_BYTES // 1024 // 1024} Mo.")
    rows = _workbook(content) if content.startswith(_WORKBOOKS) else _csv(content)
    filled = (Line(n, tuple(cells)) for n, cells in enumerate(rows, start=1) if any(cells))
    # The headers, and one more than may be, which tells that there are too many.
    lines = list(islice(filled, MOST_ROWS + 2))
    if not lines:
        raise UnreadableFile("Le fichier est vide.")
    return lines


def _table(headers: Line, below: Sequence[Line]) -> TextTable:
    """Return rows under their headers, as wide as those."""
    if not below:
        raise UnreadableFile("Le fichier ne contient aucune ligne sous ses en-têtes.")
    if len(below) > MOST_ROWS:
        raise UnreadableFile(f"Le fichier a plus de {MOST_ROWS} lignes : partagez-le.")
    width = len(headers.cells)
    padded = (Line(row.number, (*row.cells, *[""] * width)[:width]) for row in below)
    return TextTable(headers.cells, list(padded))


def _csv(content: bytes) -> Iterator[list[str]]:
    text = decode(content)
    # Of the fullest line: a title may stand above the headers.
    above = text.splitlines()[:_HEADER_WITHIN]
    delimiter = max(DELIMITERS, key=lambda sign: max(line.count(sign) for line in above))
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            yield [" ".join(cell.split()) for cell in row]
    except csv.Error as error:
        raise UnreadableFile(
            "Le fichier est illisible : un guillemet n'est sans doute pas refermé."
        ) from error


def _workbook(content: bytes) -> Iterable[Sequence[str]]:
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheet = workbook.get_sheet_by_index(0)
        return [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    except (CalamineError, IndexError, ValueError) as error:
        raise UnreadableFile(
            "Ce classeur est illisible : ouvrez-le dans un tableur et enregistrez-le de nouveau."
        ) from error


def _text(cell: Any) -> str:
    """As a person reads the cell: a code kept as a number loses its ".0"."""
    match cell:
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case float():
            return repr(cell)
        case datetime.datetime():
            return cell.date().isoformat()
        case datetime.date():
            return cell.isoformat()
    return " ".join(str(cell).split())
