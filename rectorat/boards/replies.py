"""The answers of a campaign, day by day, beside those of the campaign before.

Both are aligned on the days since their first sending.
"""

import datetime
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Count, F

from accounts.models import User
from conventions.campaigns.models import Campaign
from conventions.lifecycle import CLAIMABLE, PARTY_CONFIRMED
from conventions.models import Convention


@dataclass
class Replies:
    """How many conventions were confirmed, then signed by both, up to a day included."""

    day: datetime.date
    accepted: int
    signed: int


Replied = Callable[[Replies], int]
# The lines of the curve, by the name of what each counts.
_REPLIED: dict[str, Replied] = {
    "accepted": lambda replies: replies.accepted,
    "signed": lambda replies: replies.signed,
}


@dataclass
class YearOfReplies:
    """The days on which replies came, in order, from the first sending on."""

    campaign: Campaign
    days: list[Replies]
    total: int

    @property
    def first_day(self) -> datetime.date:
        return self.days[0].day

    @property
    def last(self) -> Replies:
        return self.days[-1]

    def after(self, days: int) -> Replies:
        """Return where replies stood so many days after the first sending."""
        day = self.first_day + datetime.timedelta(days=days)
        return self.days[bisect_right(self.days, day, key=lambda replies: replies.day) - 1]


@dataclass
class ReplyCurve:
    """A campaign's replies as of `today`, and those of the one `before`, if it was ever sent."""

    year: YearOfReplies
    before: YearOfReplies | None
    today: datetime.date

    @property
    def chart(self) -> "Chart":
        return Chart(self)

    @property
    def rows(self) -> list[tuple[Replies, Replies | None]]:
        """Each day on which a reply came, with the same day of the year before."""
        first = self.year.first_day
        return [
            (replies, self.before.after((replies.day - first).days) if self.before else None)
            for replies in self.year.days
        ]

    @property
    def now(self) -> Replies | None:
        """Where the year before stood at the same day as this one today."""
        days = (self.until - self.year.first_day).days
        return self.before.after(days) if self.before else None

    @property
    def until(self) -> datetime.date:
        """How far this year's line goes: to its last reply once the campaign is over."""
        campaign = self.year.campaign
        return self.year.last.day if campaign.is_over else max(self.today, self.year.last.day)

    @property
    def end(self) -> datetime.date:
        """The last day drawn: replies are awaited until then, at least."""
        return max(self.until, self.year.campaign.reply_by or self.until)


@dataclass
class Chart:
    """The curve in units of an SVG: a frame with numbers on its left, dates under it."""

    curve: ReplyCurve
    WIDTH, HEIGHT = 720, 240
    LEFT, RIGHT, TOP, BOTTOM = 48, 708, 12, 210
    # At most so many marks on each side, at round numbers.
    _MARKS = 5

    def __post_init__(self) -> None:
        years = [year for year in (self.curve.year, self.curve.before) if year]
        most = max(year.total for year in years)
        power = 10 ** max(len(str(most // self._MARKS)) - 1, 0)
        wanted = (step * power for step in (1, 2, 5, 10))
        self.step = next(step for step in wanted if step * self._MARKS >= most)
        self.top = -(-most // self.step) * self.step
        self.span = max((self.curve.end - self.curve.year.first_day).days, 1)

    @property
    def numbers(self) -> list[tuple[int, float]]:
        """The marks on the left: a number of conventions, its height."""
        return [(count, self._y(count)) for count in range(0, self.top + 1, self.step)]

    @property
    def dates(self) -> list[tuple[datetime.date, float]]:
        """The marks under the frame: a day, its place."""
        every = -(-self.span // self._MARKS)
        return [
            (self.curve.year.first_day + datetime.timedelta(days=days), self._x(days))
            for days in range(0, self.span + 1, every)
        ]

    @property
    def lines(self) -> list[tuple[str, str, float, float]]:
        """Class, path and end of each line: the year before first, under this one."""
        until = (self.curve.until - self.curve.year.first_day).days
        drawn = []
        for year, when, last in (
            (self.curve.before, "before", self.span),
            (self.curve.year, "now", until),
        ):
            for name, replied in _REPLIED.items():
                if year:
                    end = self._x(last), self._y(replied(year.after(last)))
                    drawn.append((f"{name} {when}", self._path(year, replied, last), *end))
        return drawn

    def _path(self, year: YearOfReplies, replied: Replied, last: int) -> str:
        """The steps of one count as the `d` of a path, up to `last` days after the first sending."""
        steps = [f"M{self.LEFT} {self.BOTTOM}"]
        for replies in year.days:
            days = (replies.day - year.first_day).days
            if days <= last:
                steps.append(f"H{self._x(days)} V{self._y(replied(replies))}")
        return " ".join([*steps, f"H{self._x(last)}"])

    def _x(self, days: int) -> float:
        return round(self.LEFT + (self.RIGHT - self.LEFT) * days / self.span, 1)

    def _y(self, count: int) -> float:
        return round(self.BOTTOM - (self.BOTTOM - self.TOP) * count / self.top, 1)


def build_reply_curve(campaign: Campaign, user: User, today: datetime.date) -> ReplyCurve | None:
    """Count the replies that `user` may see, of this campaign and of the one before, in one query.

    None before any sending.
    """
    campaigns = [each for each in (campaign, campaign.previous) if each]
    rows = (
        Convention.objects.for_user(user)
        .filter(campaign__in=campaigns)
        .living()
        .order_by()
        .values_list(F("campaign"), F("state"), F("sent_on"), F("accepted_on"), F("effective_on"))
        .annotate(Count("pk"))
    )
    by_campaign = defaultdict(list)
    for key, *row in rows:
        by_campaign[key].append(row)
    year, *before = (_add_up(each, by_campaign[each.pk]) for each in campaigns)
    return ReplyCurve(year, before[0] if before else None, today) if year else None


def _add_up(campaign: Campaign, rows: list[list]) -> YearOfReplies | None:
    """Add replies up day by day; None before any sending."""
    total = 0
    accepted: Counter[datetime.date] = Counter()
    signed: Counter[datetime.date] = Counter()
    sending_days = []
    for state, sent_on, accepted_on, effective_on, count in rows:
        total += count
        if sent_on:
            sending_days.append(sent_on)
        if state in PARTY_CONFIRMED or state in CLAIMABLE:
            accepted[accepted_on] += count
        if state in CLAIMABLE:
            signed[effective_on] += count
    if not sending_days:
        return None
    days, so_far = [], Replies(min(sending_days), 0, 0)
    for day in sorted({so_far.day, *accepted, *signed}):
        so_far = Replies(day, so_far.accepted + accepted[day], so_far.signed + signed[day])
        days.append(so_far)
    return YearOfReplies(campaign, days, total)
