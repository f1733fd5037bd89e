"""Pages drawn by drawings that are drawn by others: how deep, and how many times in all.

A few hundred bytes of forms that call one another ten times each would draw without end.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pikepdf
from pikepdf import Dictionary, Stream

# A signature's picture is drawn four forms deep, and may stand in a form itself.
MAX_DEPTH = 12
# By one page: a map draws its symbols by thousands.
MAX_DRAWN = 50_000
# What calls for a drawing by its name (ISO 32000-2, annex A), and where the name is looked up.
_CALLS = {
    "Do": "/XObject",
    "gs": "/ExtGState",
    "scn": "/Pattern",
    "SCN": "/Pattern",
    "Tf": "/Font",
}
# A pattern, the letters of a font are drawn many times for each time that they are called for.
_TIMES = {"/Pattern": 50, "/Font": 50}


class TooMuchDrawn(Exception):
    """A page is drawn too deep, or too many times over."""


def check_nesting(pdf: pikepdf.Pdf) -> None:
    """Raise TooMuchDrawn for a file that holds such a page or drawing."""
    count = _Count([page.resources for page in pdf.pages])
    for page in pdf.pages:
        count.drawn(page.obj, page.resources, 0)
    for value in pdf.objects:
        if _is_drawing(value):
            count.of(value, 0)


def _is_drawing(value: Any) -> bool:
    return isinstance(value, Stream) and (
        value.get("/Subtype") == "/Form" or value.get("/PatternType") == 1
    )


class _Count:
    """How many drawings each drawing takes, itself included, and how deep they stand."""

    def __init__(self, pages: list[Any]) -> None:
        self._known: dict[tuple[int, int], tuple[int, int]] = {}
        self._pages = pages

    def of(self, drawing: Any, depth: int) -> tuple[int, int]:
        """Return (count, height) of a form, a pattern or a letter of a font."""
        if drawing.objgen not in self._known:
            resources = drawing.get("/Resources")
            self._known[drawing.objgen] = self.drawn(drawing, resources, depth)
        return self._known[drawing.objgen]

    def drawn(self, content: Any, resources: Any, depth: int) -> tuple[int, int]:
        """Return (count, height) of a page, or of a drawing, which finds others in `resources`.

        Without any, it finds those of the page that it stands on, whichever that is.
        """
        found = self._pages if resources is None else [resources]
        total, height = 1, 1
        for (category, name), times in _calls(content).items():
            if depth >= MAX_DEPTH:
                raise TooMuchDrawn  # Perhaps without end.
            inner = [
                self.of(each, depth + 1)
                for place in found
                for each in _drawings(place.get(category, {}).get(name))
            ]
            total += times * _TIMES.get(category, 1) * max((count for count, _ in inner), default=0)
            height = max([height, *(1 + below for _, below in inner)])
            if total > MAX_DRAWN or height > MAX_DEPTH:
                raise TooMuchDrawn
        return total, height


def _calls(content: Any) -> Counter[tuple[str, str]]:
    """Return how many times each name of a category is called for."""
    instructions = pikepdf.parse_content_stream(content, " ".join(_CALLS))
    return Counter(
        (_CALLS[str(instruction.operator)], str(name))
        for instruction in instructions
        for name in instruction.operands
        if isinstance(name, pikepdf.Name)
    )


def _drawings(value: Any) -> Iterator[Any]:
    """Yield what `value`, found under a name, has drawn."""
    if _is_drawing(value):
        yield value
    elif isinstance(value, Dictionary):
        mask = value.get("/SMask")
        if isinstance(mask, Dictionary) and _is_drawing(mask.get("/G")):
            yield mask["/G"]
        letters = value.get("/CharProcs")
        if isinstance(letters, Dictionary):
            yield from (letter for _, letter in letters.items() if isinstance(letter, Stream))
