"""A campaign on a map: each collectivity where its schools are, by what its file waits for.

The frame follows from what is drawn, whatever the region; without outlines (overseas), dots alone.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Avg, Case, F, Value, When
from django.db.models import BooleanField as Boolean
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.scope import departments_of
from communes.models import Department
from communes.outlines import Outline, Point, outlines, project
from conventions.campaigns.models import Campaign
from conventions.exchanges.models import Side
from conventions.models import Convention
from conventions.models.convention import ConventionQuerySet
from conventions.situations import facts
from conventions.situations.expectations import RULES, Rule
from conventions.situations.situation import with_expected
from jobs.selection import write_keys
from rectorat.lists.filters import LateFilter, PlaceFilter


@dataclass(frozen=True)
class Kind:
    """Files that a map shows alike: of one shape and colour, told apart without the colour too.

    `query` is the filter of the list that shows them.
    """

    key: str
    label: str
    query: str


def _waiting_by(side: Side | None) -> str:
    keys = ",".join(rule.key for rule in RULES if rule.of == side)
    return f"expected={keys}&{LateFilter.parameter_name}={LateFilter.NO}"


LATE = Kind("late", "Réponse en retard", f"{LateFilter.parameter_name}={LateFilter.YES}")
# By whose turn it is (`Rule.of`), in time.
BY_SIDE: dict[Side | None, Kind] = {
    Side.TOWN_HALL: Kind("town_hall", "Attendu de la collectivité", _waiting_by(Side.TOWN_HALL)),
    Side.RECTORAT: Kind("rectorat", "Attendu du rectorat", _waiting_by(Side.RECTORAT)),
    None: Kind("nobody", "Rien n'est attendu", _waiting_by(None)),
}
KINDS = (LATE, *BY_SIDE.values())


# In units of the SVG, with what keeps it apart from its neighbours.
_ROOM_OF_A_DOT = 20


@dataclass(frozen=True)
class Dot:
    """A collectivity's file (`key`): what it waits for, its page, and where it is drawn."""

    key: int
    name: str
    rule: Rule
    kind: Kind
    url: str
    place: Point | None

    def __str__(self) -> str:
        return f"{self.name}, {self.rule.label}"


@dataclass(frozen=True)
class Mark:
    """What is drawn in one place, in units of the SVG: a file, or all of those that share it."""

    campaign: Campaign
    dots: list[Dot]
    x: int
    y: int

    @property
    def kind(self) -> Kind:
        """The most pressing of what its files wait for."""
        return min((dot.kind for dot in self.dots), key=KINDS.index)

    @property
    def url(self) -> str:
        """The page of its file, or the list of its files."""
        if len(self.dots) == 1:
            return self.dots[0].url
        keys = write_keys(dot.key for dot in self.dots)
        query = {"campaign": self.campaign.pk, PlaceFilter.parameter_name: keys}
        return reverse("admin:conventions_convention_changelist", query=query)

    @property
    def label(self) -> str:
        return " ; ".join(map(str, self.dots))


@dataclass
class Area:
    """A département: how many of its files are of each kind, and its outline, if there is one."""

    department: Department
    outline: Outline | None
    by_kind: Counter[Kind] = field(default_factory=Counter)

    @property
    def counts(self) -> list[tuple[Kind, int]]:
        return [(kind, self.by_kind[kind]) for kind in KINDS]

    @property
    def total(self) -> int:
        return self.by_kind.total()

    @property
    def middle(self) -> Point | None:
        """Where its code is written, on the drawing."""
        if self.outline is None:
            return None
        (left, top), (right, bottom) = self.outline.corners
        return (left + right) / 2, (top + bottom) / 2


class Frame:
    """From the drawing (`communes.outlines`) to the units of the SVG that shows `points`."""

    WIDTH, HEIGHT, MARGIN = 1000, 760, 12
    # In units of the drawing: a single commune is not blown up to the page.
    _LEAST = 12

    def __init__(self, points: Iterable[Point]) -> None:
        xs, ys = zip(*points, strict=True)
        width = max(max(xs) - min(xs), self._LEAST)
        height = max(max(ys) - min(ys), self._LEAST)
        inside = self.WIDTH - 2 * self.MARGIN, self.HEIGHT - 2 * self.MARGIN
        self.scale = min(inside[0] / width, inside[1] / height)
        self.left = (min(xs) + max(xs) - width) / 2 - self.MARGIN / self.scale
        self.top = (min(ys) + max(ys) - height) / 2 - self.MARGIN / self.scale
        self.width = round(width * self.scale) + 2 * self.MARGIN
        self.height = round(height * self.scale) + 2 * self.MARGIN

    def place(self, point: Point) -> tuple[int, int]:
        return (
            round((point[0] - self.left) * self.scale),
            round((point[1] - self.top) * self.scale),
        )

    @property
    def transform(self) -> str:
        """What brings the outlines into the frame, as SVG says it."""
        return f"scale({self.scale:.4f}) translate({-self.left:.2f} {-self.top:.2f})"


@dataclass
class CampaignMap:
    """`unplaced`: the files of collectivities none of whose schools has a known position."""

    campaign: Campaign
    areas: list[Area]
    dots: list[Dot]

    def __post_init__(self) -> None:
        self.unplaced = [dot for dot in self.dots if dot.place is None]
        corners = [corner for area in self.areas if area.outline for corner in area.outline.corners]
        points = [*corners, *(dot.place for dot in self.dots if dot.place)]
        self.frame = Frame(points) if points else None

    @property
    def layers(self) -> list[tuple[Kind, list[Mark]]]:
        """The marks in the frame, those of each kind together: what is late is drawn last, on top."""
        marks = self._marks()
        return [(kind, [mark for mark in marks if mark.kind == kind]) for kind in reversed(KINDS)]

    def _marks(self) -> list[Mark]:
        together = defaultdict[tuple[int, int], list[Dot]](list)
        for dot in self.dots:
            if self.frame and dot.place:
                together[self.frame.place(dot.place)].append(dot)
        return [Mark(self.campaign, dots, x, y) for (x, y), dots in together.items()]

    @property
    def dot_scale(self) -> float:
        """How much smaller than their full size dots are drawn, so that thousands stay apart."""
        if self.frame is None:
            return 1
        room = math.sqrt(self.frame.width * self.frame.height / 2 / max(len(self.dots), 1))
        return round(min(1, room / _ROOM_OF_A_DOT), 2)

    @property
    def codes(self) -> list[tuple[str, int, int]]:
        """The code of each département, in the middle of its outline."""
        return [
            (area.department.code, *self.frame.place(area.middle))
            for area in self.areas
            if self.frame and area.middle
        ]

    @property
    def total(self) -> Area:
        """All départements together, in the counts of one."""
        whole = Counter[Kind]()
        for area in self.areas:
            whole.update(area.by_kind)
        return Area(Department(name="Total"), None, whole)


def build_map(campaign: Campaign, user: User) -> CampaignMap:
    """Place the living files of `campaign` that `user` may see, in a constant number of queries.

    A file counts in the département of its collectivity, as on the board.
    """
    conventions = Convention.objects.for_user(user).filter(campaign=campaign).living()
    areas = {
        department.pk: Area(department, outlines().get(department.code))
        for department in departments_of(user).select_related("academy")
    }
    places = _places(campaign)
    files = reverse("admin:conventions_convention_changelist")  # Once, for thousands of dots.
    rules = {rule.key: rule for rule in RULES}
    dots = []
    for key, name, department, expected, is_late in _files(conventions):
        rule = rules[expected]
        kind = LATE if is_late else BY_SIDE[rule.of]
        areas[department].by_kind[kind] += 1
        dots.append(Dot(key, name, rule, kind, f"{files}{key}/change/", places.get(key)))
    return CampaignMap(campaign, list(areas.values()), dots)


def _files(conventions: ConventionQuerySet) -> Iterable[tuple[int, str, int, str, bool]]:
    is_late = Case(
        When(facts.LATE.condition(timezone.localdate()), then=Value(value=True)),
        default=Value(value=False),
        output_field=Boolean(),
    )
    rows = with_expected(conventions).annotate(is_late=is_late).order_by("collectivity__code")
    return rows.values_list(
        F("pk"),
        F("collectivity__name"),
        F("collectivity__department"),
        F("expected"),
        F("is_late"),
    )


def _places(campaign: Campaign) -> dict[int, Point]:
    """The middle of each convention's schools, on the drawing, by key of the convention."""
    schools = campaign.enrolments.enrolled().filter(
        convention__isnull=False, school__latitude__isnull=False
    )
    rows = schools.order_by().values_list("convention")
    middles = rows.annotate(Avg("school__latitude"), Avg("school__longitude"))
    return {key: project(latitude, longitude) for key, latitude, longitude in middles}
