"""UAI codes as people give them: typed, pasted from a spreadsheet, uploaded."""

import re
from dataclasses import dataclass

from schools import uai
from tabular.reading import HEADER_WITHIN, lines_of

# An address like ce.0341255E@… names a school too, often another one than its row.
_EMAIL = re.compile(r"[^\s;,|<>\"]+@[^\s;,|<>\"]+")
_WITHOUT_ZEROS = re.compile(r"\d{5,6}[A-Za-z]")
_UAI_LIKE = re.compile(r"(?<![0-9A-Za-z])\d{7}\s?[A-Za-z](?![0-9A-Za-z])")
_CELLS = re.compile(r"[;,\t]")


@dataclass(frozen=True)
class Refusal:
    """A line that was not enrolled; `reason` (French) says why."""

    line: int
    text: str
    reason: str


def text_of(content: bytes) -> str:
    """Return the text of an uploaded list (CSV, TXT, XLSX, ODS, XLS), each row at its line.

    Raises tabular.reading.UnreadableFile.
    """
    rows = {
        line: ";".join(" ".join(cell.split()) for cell in cells)
        for line, cells in lines_of(content)
    }
    return "\n".join(rows.get(line, "") for line in range(1, max(rows, default=0) + 1))


def read_codes(text: str) -> tuple[list[tuple[int, str]], list[Refusal]]:
    """Return the UAI codes found in `text` with their line, and the lines without one.

    A line may hold several codes, or a code among other cells (a spreadsheet's row), never in an
    e-mail address; above the first code, lines without any digit are a title or a heading.
    """
    codes: list[tuple[int, str]] = []
    refused: list[Refusal] = []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        above = not codes and number <= HEADER_WITHIN
        if not line.strip(" ;,\t") or (above and not re.search(r"\d", line)):
            continue
        bare = _EMAIL.sub("", line)
        candidates = _UAI_LIKE.findall(bare) or [_most_telling_cell(bare if bare.strip() else line)]
        for candidate in candidates:
            try:
                codes.append((number, uai.parse(candidate)))
            except uai.InvalidUAI as error:
                refused.append(Refusal(number, candidate.strip(), str(error)))
    return codes, refused


def _most_telling_cell(line: str) -> str:
    """The cell of a code without its zeros, else the one to quote: with a digit, or the line."""
    if "E+" in line.upper():
        return line.strip()
    cells = [cell for cell in _CELLS.split(line) if re.search(r"\d", cell)]
    for cell in cells:
        if _WITHOUT_ZEROS.fullmatch(cell.strip()):
            return cell.strip()
    return (cells[0] if cells else line).strip()[:60]
