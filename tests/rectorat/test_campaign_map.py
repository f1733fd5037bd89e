"""The map of a campaign: each count is its list's, each dot stands where the schools are."""

import datetime
import random
import re

import pytest
from django.urls import reverse

from communes.outlines import outlines, project
from conventions.models import Convention
from conventions.situations.situation import situation
from rectorat.boards.campaign_map import BY_SIDE, LATE, Frame, build_map
from tests.access import SignedInClient
from tests.conventions.random_files import random_file
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

TODAY = datetime.date(2026, 11, 30)
MONTPELLIER = (43.6119, 3.8772)


@pytest.fixture
def agent(client, rectorat):
    client.force_login(rectorat)
    return client


def show(client, campaign):
    return client.get(reverse("admin:campaigns_campaign_map", args=[campaign.pk]))


def settle(convention, *positions):
    """Give its schools these positions."""
    for enrolment, (latitude, longitude) in zip(
        convention.enrolments.order_by("pk"), positions, strict=True
    ):
        type(enrolment.school).objects.filter(pk=enrolment.school_id).update(
            latitude=latitude, longitude=longitude
        )


def test_each_count_is_its_lists_and_what_a_person_counts(move_to, sample):
    move_to(TODAY)
    chance = random.Random(7)
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    herault = DepartmentFactory(code="34")
    years = [
        # The reply to the first was due yesterday.
        CampaignFactory(
            start_year=2026, ends_on=TODAY, reply_by=TODAY - datetime.timedelta(days=1)
        ),
        CampaignFactory(start_year=2027, ends_on=TODAY),
    ]
    for number in range(sample(40, 200)):
        commune = CommuneFactory(
            code=f"34{number + 1:03}", department=chance.choice((gard, herault))
        )
        payer = CollectivityFactory(commune=commune)
        random_file(chance, chance.choice(years), TODAY, collectivity=payer)
    ConventionFactory(campaign=years[0]).abandon(by=None, comment="Essai")
    agents = [UserFactory(role="rectorat"), UserFactory(role="rectorat", departments=[gard])]
    shown = set()
    for agent, campaign in ((agent, year) for agent in agents for year in years):
        client = SignedInClient()
        client.force_login(agent)
        page = show(client, campaign)
        table = page.text[page.text.index("<tbody>") :]
        for link, count in re.findall(r'<td class="number"><a href="([^"]*)">(\d+)', table):
            listed = client.get(link.replace("&amp;", "&")).context["cl"].result_count
            assert (link, listed) == (link, int(count))
        files = Convention.objects.with_parties().filter(campaign=campaign).living()
        if agent.departments.exists():
            files = files.filter(collectivity__department=gard)
        late = set(files.late().values_list("pk", flat=True))
        by_hand = [
            LATE.key if file.pk in late else BY_SIDE[situation(file).now.of].key
            for file in files.order_by("pk")
        ]
        total = {kind.key: count for kind, count in page.context["map"].total.counts}
        assert total == {key: by_hand.count(key) for key in total}
        shown |= {key for key, count in total.items() if count}
    assert shown == {"late", "town_hall", "rectorat", "nobody"}


def test_a_collectivity_stands_in_the_middle_of_its_schools(rectorat):
    convention = ConventionFactory(schools_count=2)
    settle(convention, (43.6, 3.8), (43.7, 4.0))
    (dot,) = build_map(convention.campaign, rectorat).dots
    assert dot.place == pytest.approx(project(43.65, 3.9))


def test_a_school_without_position_moves_nothing_and_a_file_without_any_is_said(agent, campaign):
    settle(ConventionFactory(campaign=campaign, schools_count=2), (43.6, 3.8), (None, None))
    unplaced = ConventionFactory(campaign=campaign, schools_count=1)
    page = show(agent, campaign)
    (dot,) = page.context["map"].unplaced
    assert dot.name == unplaced.collectivity.name
    assert "Hors de la carte : 1 collectivité," in page.text.replace("\u00a0", " ")
    assert page.context["map"].total.total == 2


def test_a_dot_opens_its_file_and_a_departement_its_list(agent, campaign):
    convention = ConventionFactory(campaign=campaign, schools_count=1)
    settle(convention, MONTPELLIER)
    page = show(agent, campaign).text
    drawn = page[page.index('<g class="areas"') : page.index("</figure>")]
    file = reverse("admin:conventions_convention_change", args=[convention.pk])
    assert f'<a href="{file}" tabindex="-1">' in drawn
    (department,) = re.findall(r'<a href="([^"]*department=34)"\s+aria-label="[^"]* 1 conv', drawn)
    listed = agent.get(department.replace("&amp;", "&")).context["cl"]
    assert [row.pk for row in listed.result_list] == [convention.pk]


def test_files_that_share_a_place_are_one_dot_that_opens_their_list(agent, campaign):
    files = [ConventionFactory(campaign=campaign, schools_count=1) for _ in range(2)]
    for file in files:
        settle(file, MONTPELLIER)
    settle(ConventionFactory(campaign=campaign, schools_count=1), (43.3, 3.5))
    marks = [mark for _, marks in show(agent, campaign).context["map"].layers for mark in marks]
    (shared,) = [mark for mark in marks if len(mark.dots) > 1]
    assert len(marks) == 2
    assert all(file.collectivity.name in shared.label for file in files)
    page = agent.get(shared.url)
    listed = {row.pk for row in page.context["cl"].result_list}
    assert listed == {file.pk for file in files}
    assert "un même point" in page.text


def test_a_region_overseas_has_its_dots_without_outlines(agent, campaign):
    reunion = DepartmentFactory(code="974", name="La Réunion", of_name="de La Réunion")
    commune = CommuneFactory(code="97411", department=reunion)
    convention = ConventionFactory(
        campaign=campaign, collectivity=CollectivityFactory(commune=commune), schools_count=1
    )
    settle(convention, (-20.8789, 55.4481))
    drawn = show(agent, campaign).context["map"]
    assert [area.outline for area in drawn.areas] == [None]
    (mark,) = [mark for _, marks in drawn.layers for mark in marks]
    assert 0 < mark.x < drawn.frame.width
    assert 0 < mark.y < drawn.frame.height


def test_without_any_position_or_outline_the_page_says_what_to_do(agent, campaign):
    page = show(agent, campaign).text
    assert "<figure" not in page
    assert "importez l'annuaire de l'éducation" in page


def test_the_frame_holds_all_that_it_is_given_whatever_the_shape():
    for code in outlines():
        corners = outlines()[code].corners
        frame = Frame(corners)
        assert frame.width <= Frame.WIDTH
        assert frame.height <= Frame.HEIGHT
        for x, y in map(frame.place, corners):
            assert Frame.MARGIN <= x <= frame.width - Frame.MARGIN
            assert Frame.MARGIN <= y <= frame.height - Frame.MARGIN


@pytest.mark.parametrize("size", [1, 12])
def test_it_takes_the_same_queries_whatever_the_campaign(
    agent, campaign, size, django_assert_max_num_queries
):
    for _ in range(size):
        settle(ConventionFactory(campaign=campaign, schools_count=1), MONTPELLIER)
    with django_assert_max_num_queries(12):
        show(agent, campaign)


@pytest.fixture
def campaign():
    return CampaignFactory()
