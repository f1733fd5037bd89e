"""The outlines of the départements of metropolitan France, and where a place falls on them.

The drawing (`data/contours_departements.csv`) does not say how it was projected. It is
Mercator's projection: fitted by least squares on the schools of thirteen départements, the
prefectures of all and towns at the ends of the country, 4,547 of 4,557 schools fall in their own
département, the others within 300 m of it, and all these towns in theirs.
"""

import csv
import math
import re
from dataclasses import dataclass
from functools import cache

from communes.territory import DATA

_FILE = DATA / "contours_departements.csv"
# Units of the drawing: of a degree of longitude, of one of Mercator's latitude, and its origin.
_PER_DEGREE, _PER_NORTHING = 41.561, 41.308
_ORIGIN = (215.035, 2463.983)
_NUMBER = re.compile(r"[\d.]+")

Point = tuple[float, float]


@dataclass(frozen=True)
class Outline:
    """A département as the `d` of an SVG path, made of closed rings."""

    path: str

    @property
    def rings(self) -> list[list[Point]]:
        """The points of each ring, in units of the drawing."""
        rings = []
        for ring in self.path.split("Z")[:-1]:
            numbers = [float(number) for number in _NUMBER.findall(ring)]
            rings.append(list(zip(numbers[::2], numbers[1::2], strict=True)))
        return rings

    @property
    def corners(self) -> list[Point]:
        """The top left and the bottom right of the box that holds it."""
        xs, ys = zip(*(point for ring in self.rings for point in ring), strict=True)
        return [(min(xs), min(ys)), (max(xs), max(ys))]


def project(latitude: float, longitude: float) -> Point:
    """Return where a place in degrees falls on the drawing: x eastwards, y southwards."""
    northing = math.degrees(math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2)))
    return _ORIGIN[0] + _PER_DEGREE * longitude, _ORIGIN[1] - _PER_NORTHING * northing


@cache
def outlines() -> dict[str, Outline]:
    """The outlines by code of département; those overseas have none."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: Outline(row["contour"]) for row in csv.DictReader(file, delimiter=";")}
