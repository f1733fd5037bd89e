"""The answers of a campaign, day by day: how many confirmed, how many signed by both."""

import datetime
from collections import Counter
from dataclasses import dataclass

from django.db.models import Count

from accounts.models import User
from conventions.campaigns.models import Campaign
from conventions.lifecycle import CLAIMABLE, PARTY_CONFIRMED


@dataclass
class Replies:
    """How many conventions were confirmed, then signed by both, up to a day included."""

    day: datetime.date
    accepted: int
    signed: int


@dataclass
class ReplyCurve:
    """The days on which replies came, in order, from the first sending on."""

    days: list[Replies]
    total: int

    WIDTH, HEIGHT = 600, 160

    @property
    def last(self) -> Replies:
        return self.days[-1]

    @property
    def accepted_path(self) -> str:
        return self._path("accepted")

    @property
    def signed_path(self) -> str:
        return self._path("signed")

    def _path(self, name: str) -> str:
        """The steps of one count as the `d` of an SVG path; full height is every convention."""
        first = self.days[0].day
        span = max((self.last.day - first).days, 1)
        steps = [f"M0 {self.HEIGHT}"]
        for replies in self.days:
            x = round(self.WIDTH * (replies.day - first).days / span, 1)
            y = round(self.HEIGHT * (1 - getattr(replies, name) / self.total), 1)
            steps.append(f"H{x} V{y}")
        return " ".join([*steps, f"H{self.WIDTH}"])


def build_reply_curve(campaign: Campaign, user: User) -> ReplyCurve | None:
    """Count the replies that `user` may see day by day, in one query; None before any sending."""
    rows = (
        campaign.conventions.for_user(user)
        .living()
        .order_by()
        .values_list("state", "sent_on", "accepted_on", "effective_on")
        .annotate(Count("pk"))
    )
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
    return ReplyCurve(days, total)
