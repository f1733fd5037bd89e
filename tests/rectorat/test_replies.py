"""The curve of replies: added up day by day, with axes, beside the campaign before."""

import datetime
import re

import pytest
from django.urls import reverse

from conventions.campaigns.models import Campaign
from rectorat.boards.replies import Chart, Replies, ReplyCurve, YearOfReplies, build_reply_curve
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    UserFactory,
    sign_by_both,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign():
    return CampaignFactory(start_year=2022)


@pytest.fixture
def today(day):
    return day("20/10/2022")


def sent_on(day, **fields):
    convention = ConventionFactory(**fields)
    convention.send(by=None, on=day)
    return convention


def test_replies_add_up_day_by_day_from_the_first_sending(campaign, rectorat, day, today):
    assert build_reply_curve(campaign, rectorat, today) is None
    sign_by_both(ConventionFactory(campaign=campaign), on=day("03/10/2022"))
    sign_by_both(ConventionFactory(campaign=campaign), on=day("10/10/2022"))
    sent_on(day("01/09/2022"), campaign=campaign)
    curve = build_reply_curve(campaign, rectorat, today)
    assert curve.year.days == [
        Replies(day("01/09/2022"), 0, 0),
        Replies(day("03/10/2022"), 1, 1),
        Replies(day("10/10/2022"), 2, 2),
    ]
    assert (curve.year.total, curve.before, curve.now) == (3, None, None)


def test_the_year_before_is_aligned_on_the_days_since_its_first_sending(
    campaign, rectorat, day, today
):
    before = CampaignFactory(start_year=2021, ends_on=day("01/09/2022"))
    sent_on(day("01/10/2021"), campaign=before)
    sign_by_both(ConventionFactory(campaign=before), on=day("11/10/2021"))
    sign_by_both(ConventionFactory(campaign=before), on=day("05/12/2021"))
    sent_on(day("01/09/2022"), campaign=campaign)
    sign_by_both(ConventionFactory(campaign=campaign), on=day("10/09/2022"))
    sign_by_both(ConventionFactory(campaign=campaign), on=day("11/09/2022"))
    curve = build_reply_curve(campaign, rectorat, today)
    assert curve.before.campaign == before
    # Nine days after the first sending of last year nobody had replied, ten days after one had.
    assert [(now.day.day, then.signed) for now, then in curve.rows] == [(1, 0), (10, 0), (11, 1)]
    assert curve.now.signed == 1


def test_a_campaign_before_that_was_never_sent_is_no_comparison(campaign, rectorat, day, today):
    ConventionFactory(campaign=CampaignFactory(start_year=2021))
    sent_on(day("01/09/2022"), campaign=campaign)
    assert build_reply_curve(campaign, rectorat, today).before is None


def test_both_years_are_those_that_the_agent_may_see(campaign, day, today):
    before = CampaignFactory(start_year=2021, ends_on=day("01/09/2022"))
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    payer = CollectivityFactory(commune=CommuneFactory(code="30001", department=gard))
    for year, on in ((campaign, "01/09/2022"), (before, "01/10/2021")):
        sent_on(day(on), campaign=year, collectivity=payer)
        sent_on(day(on), campaign=year)
    limited = UserFactory(role="rectorat", departments=[gard])
    curve = build_reply_curve(campaign, limited, today)
    assert (curve.year.total, curve.before.total) == (1, 1)


def chart(total, *, days=50, before=None, reply_by=None, state="open", today=50):
    first = datetime.date(2026, 9, 1)
    campaign = Campaign(start_year=2026, reply_by=reply_by, state=state)
    replies = [
        Replies(first, 0, 0),
        Replies(first + datetime.timedelta(days=days), total, total // 2),
    ]
    year = YearOfReplies(campaign, replies, total)
    return Chart(ReplyCurve(year, before, first + datetime.timedelta(days=today)))


@pytest.mark.parametrize("total", [1, 4, 5, 7, 49, 50, 51, 149, 999, 2386])
def test_the_axis_has_a_few_round_numbers_that_hold_every_convention(total):
    drawn = chart(total)
    numbers = [number for number, _ in drawn.numbers]
    assert numbers[0] == 0
    assert numbers[-2] < total <= numbers[-1]
    assert 2 <= len(numbers) <= 6
    assert drawn.step in {int(f"{first}{'0' * zeros}") for first in (1, 2, 5) for zeros in range(4)}
    heights = [y for _, y in drawn.numbers]
    assert (heights[0], heights[-1]) == (Chart.BOTTOM, Chart.TOP)


def test_the_dates_go_to_the_day_by_which_replies_are_due_and_the_line_to_today():
    drawn = chart(10, days=10, today=20, reply_by=datetime.date(2026, 12, 10))
    dates = [day for day, _ in drawn.dates]
    assert dates == [
        datetime.date(2026, 9, 1) + datetime.timedelta(days=n) for n in range(0, 101, 20)
    ]
    middle = Chart.LEFT + (Chart.RIGHT - Chart.LEFT) / 5
    assert [line[2] for line in drawn.lines] == [middle, middle]


def test_the_line_of_a_campaign_that_is_over_ends_with_its_last_reply():
    drawn = chart(10, days=10, today=300, state="closed")
    assert drawn.span == 10
    assert drawn.lines[0][1] == f"M48 210 H48.0 V210.0 H708.0 V{Chart.TOP}.0 H708.0"


def test_the_year_before_is_cut_where_this_one_ends_and_may_need_more_height():
    first = datetime.date(2025, 10, 1)
    replies = [Replies(first + datetime.timedelta(days=n), n, 0) for n in (0, 10, 200)]
    before = YearOfReplies(Campaign(start_year=2025), replies, 400)
    drawn = chart(10, before=before)
    assert drawn.top == 400
    kind, path, x, y = drawn.lines[0]
    assert (kind, x) == ("accepted before", Chart.RIGHT)
    assert path.count("V") == 2
    assert y == pytest.approx(Chart.BOTTOM - (Chart.BOTTOM - Chart.TOP) * 10 / 400, abs=0.1)


def test_the_board_names_the_year_before_and_gives_its_figures(client, rectorat, campaign, day):
    before = CampaignFactory(start_year=2021, ends_on=day("01/09/2022"))
    sign_by_both(ConventionFactory(campaign=before), on=day("11/10/2021"))
    sent_on(day("01/09/2022"), campaign=campaign)
    client.force_login(rectorat)
    page = client.get(reverse("admin:campaigns_campaign_board", args=[campaign.pk])).text
    assert "En tirets, 2021-2022" in page
    assert re.search(r"Signées en 2021-2022</th>", page)
    Campaign.objects.filter(pk=campaign.pk).update(start_year=2020)
    page = client.get(reverse("admin:campaigns_campaign_board", args=[campaign.pk])).text
    assert "En tirets" not in page
