"""The first sheet of a workbook (XLSX, ODS, XLS) as rows of text."""

import datetime
import io
import zipfile
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

_SIGNATURES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
# A workbook of 64 MB may unfold to any size; the national annuaire's takes some 300 MB.
_MAX_UNFOLDED = 1024 * 1024 * 1024


class UnreadableWorkbook(ValueError):
    """An archive that is no workbook, a broken one, or one without a sheet."""


def is_workbook(content: bytes) -> bool:
    return content.startswith(_SIGNATURES)


def first_sheet(content: bytes) -> list[list[str]]:
    """Return the rows of the first sheet from its first line on, blank ones included.

    Cells are text, as a person reads them: 55.0 is "55", a day is "2024-11-26".
    Raises UnreadableWorkbook.
    """
    try:
        if content.startswith(b"PK"):
            _refuse_bombs(content)
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheet = workbook.get_sheet_by_index(0)
        return [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    except (CalamineError, zipfile.BadZipFile, IndexError, ValueError) as error:
        raise UnreadableWorkbook(str(error)) from error


def _refuse_bombs(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _MAX_UNFOLDED:
            raise UnreadableWorkbook("too large once unfolded")


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
