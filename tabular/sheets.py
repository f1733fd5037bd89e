"""Any table that people send: CSV of any kind or a workbook, as headers and rows of text."""

from dataclasses import dataclass
from itertools import islice

from tabular.reading import HEADER_WITHIN, UnreadableFile, lines_of

MOST_ROWS = 200_000


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

    Its header is the first row, of the first twenty, that has at least half as many filled cells
    as the fullest: a title above it has fewer. Raises UnreadableFile (French) when nothing can
    be made of the file.
    """
    rows = [
        (number, [" ".join(cell.split()) for cell in cells])
        for number, cells in islice(lines_of(content), MOST_ROWS + HEADER_WITHIN)
    ]
    if not rows:
        raise UnreadableFile("Le fichier est vide.")
    filled = [sum(map(bool, cells)) for _, cells in rows[:HEADER_WITHIN]]
    top = next(i for i, count in enumerate(filled) if count * 2 >= max(filled))
    headers, below = rows[top][1], rows[top + 1 :]
    if not below:
        raise UnreadableFile("Le fichier ne contient aucune ligne sous ses en-têtes.")
    if len(below) > MOST_ROWS:
        raise UnreadableFile(f"Le fichier a plus de {MOST_ROWS} lignes : partagez-le.")
    width = len(headers)
    lines = [
        Line(number, tuple([*cells, *[""] * (width - len(cells))][:width]))
        for number, cells in below
    ]
    return TextTable(tuple(headers), lines)
