"""Any table that people send: CSV of any kind or a workbook, as headers and rows of text."""

import csv
import datetime
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
    if len(content) > MAX_BYTES:
        raise UnreadableFile(f"Le fichier dépasse {MAX_BYTES // 1024 // 1024} Mo.")
    rows = _workbook(content) if content.startswith(_WORKBOOKS) else _csv(content)
    filled = ((n, cells) for n, cells in enumerate(rows, start=1) if any(cells))
    try:
        _, headers = next(filled)
    except StopIteration:
        raise UnreadableFile("Le fichier est vide.") from None
    width = len(headers)
    lines: list[Line] = []
    for number, cells in filled:
        if len(lines) == MOST_ROWS:
            raise UnreadableFile(f"Le fichier a plus de {MOST_ROWS} lignes : partagez-le.")
        padded = (*cells, *[""] * (width - len(cells)))
        lines.append(Line(number, tuple(padded[:width])))
    if not lines:
        raise UnreadableFile("Le fichier ne contient aucune ligne sous ses en-têtes.")
    return TextTable(tuple(headers), lines)


def read_columns(content: bytes, columns: Sequence[Column]) -> Table:
    """Return the rows of a CSV or workbook that people keep, by the names of `columns`.

    The header is the row that names most of them among the first twenty: titles above it, blank
    rows and rows of totals without any of these cells are passed over. Raises UnreadableFile.
    """
    table = read_table(content)
    rows = [Line(1, table.headers), *table.lines]
    best = max(rows[:_HEADER_WITHIN], key=lambda row: len(places_of(row.cells, columns)))
    places = places_of(best.cells, columns)
    below = rows[rows.index(best) + 1 :]
    if not places:
        present = ", ".join(f"« {cell[:40]} »" for cell in table.headers if cell)
        raise UnreadableFile(f"Aucune colonne connue. Les en-têtes du fichier sont : {present}.")
    return Table(
        [Row(row.number, {name: row.cells[i] for name, i in places.items()}) for row in below], []
    )


def _csv(content: bytes) -> Iterator[list[str]]:
    text = decode(content)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=first.count)
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
