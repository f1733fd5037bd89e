"""UAI codes as people give them: typed, pasted from a spreadsheet, uploaded."""

import re
from dataclasses import dataclass

from schools import uai

_UAI_LIKE = re.compile(r"(?<![0-9A-Za-z])\d{7}\s?[A-Za-z](?![0-9A-Za-z])")
_CELLS = re.compile(r"[;,\t]")


@dataclass(frozen=True)
class Refusal:
    """A line that was not enrolled; `reason` (French) says why."""

    line: int
    text: str
    reason: str


def read_codes(text: str) -> tuple[list[tuple[int, str]], list[Refusal]]:
    """Return the UAI codes found in `text` with their line, and the lines without one.

    A line may hold several codes, or a code among other cells (a spreadsheet's row);
    a first line without any digit is a heading.
    """
    codes, refused = [], []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        if not line.strip() or (number == 1 and not re.search(r"\d", line)):
            continue
        candidates = _UAI_LIKE.findall(line) or [_most_telling_cell(line)]
        for candidate in candidates:
            try:
                codes.append((number, uai.parse(candidate)))
            except uai.InvalidUAI as error:
                refused.append(Refusal(number, candidate.strip(), str(error)))
    return codes, refused


def _most_telling_cell(line: str) -> str:
    """The cell to quote when no code was found: the first with a digit, else the line."""
    if "E+" in line.upper():
        return line.strip()
    cells = [cell for cell in _CELLS.split(line) if re.search(r"\d", cell)]
    return (cells[0] if cells else line).strip()[:60]
