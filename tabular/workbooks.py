"""The first sheet of a workbook (XLSX, ODS, XLS) as rows of text.

It is unfolded by a process of its own (`incoming.confined`): run as a program, this module reads
a workbook on its input and writes why it does not read it, or nothing, on the first line of its
output, then a row a line.
"""

import datetime
import io
import json
import sys
import zipfile
from collections.abc import Iterator
from typing import Any

from python_calamine import CalamineWorkbook

from incoming import confined

_SIGNATURES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
# A workbook of 64 MB may unfold to any size; the national annuaire's takes some 300 MB.
_MAX_UNFOLDED = 1024 * 1024 * 1024
# Of text, as much as a list sent as a CSV has at the most.
_MAX_CHARACTERS = 64 * 1024 * 1024
_TOO_HEAVY, _DAMAGED = b"too heavy", b"damaged"


class UnreadableWorkbook(ValueError):
    """An archive that is no workbook, a broken one, or one without a sheet."""


class TooHeavyWorkbook(UnreadableWorkbook):
    """One that unfolds to more than is read, or broke the limits of `incoming.confined`."""


def is_workbook(content: bytes) -> bool:
    return content.startswith(_SIGNATURES)


def first_sheet(content: bytes) -> Iterator[list[str]]:
    """Return the rows of the first sheet from its first line on, blank ones included.

    Cells are text, as a person reads them: 55.0 is "55", a day is "2024-11-26"; those that are
    empty at the end of a row are left out. Raises UnreadableWorkbook.
    """
    try:
        answer = io.BytesIO(confined.run_on(content, __name__))
    except confined.Failed as failure:
        raise TooHeavyWorkbook(str(failure)) from None
    reason = answer.readline().strip()
    if reason:
        raise TooHeavyWorkbook if reason == _TOO_HEAVY else UnreadableWorkbook
    return map(json.loads, answer)


# --- The program -----------------------------------------------------------------
def _unfold(content: bytes) -> bytes:
    """Return the rows of the first sheet, each as a line of JSON, after an empty line."""
    if content.startswith(b"PK"):
        _refuse_bombs(content)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
    # Rows are given from the first on, their cells from the first column that is filled.
    before = [""] * (sheet.start or (0, 0))[1]
    unfolded, left = io.BytesIO(), _MAX_CHARACTERS
    for row in sheet.iter_rows():
        cells = _without_tail(before + [_text(cell) for cell in row])
        left -= len(cells) + sum(map(len, cells))
        if left < 0:
            raise TooHeavyWorkbook
        unfolded.write(b"\n" + json.dumps(cells, ensure_ascii=False).encode())
    return unfolded.getvalue()


def _refuse_bombs(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _MAX_UNFOLDED:
            raise TooHeavyWorkbook


def _without_tail(cells: list[str]) -> list[str]:
    return cells[: max((i for i, cell in enumerate(cells, start=1) if cell), default=0)]


def _text(cell: Any) -> str:
    """A code kept as a number loses its ".0"; its lost zeros are for who knows the code."""
    match cell:
        case bool():
            return "VRAI" if cell else "FAUX"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case float():
            return repr(cell)
        case datetime.datetime():
            return cell.date().isoformat()
        case datetime.date():
            return cell.isoformat()
    return " ".join(str(cell).split())


if __name__ == "__main__":
    try:
        rows = _unfold(sys.stdin.buffer.read())
    except TooHeavyWorkbook:
        rows = _TOO_HEAVY
    except MemoryError:
        raise
    except Exception:  # Each format, and the archive around it, has its own ways to be damaged.
        rows = _DAMAGED
    sys.stdout.buffer.write(rows)
