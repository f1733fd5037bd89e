"""Who pays for a school: its commune, or from a date on the grouping that took it over."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from communes.models import Collectivity
from schools.models import School, Takeover
from schools.takeover import follow_payers, give_back, payer_on, review, schools_paid_by, take_over
from tests.factories import CollectivityFactory, GroupingFactory, SchoolFactory, UserFactory

pytestmark = pytest.mark.django_db

START = datetime.date(2022, 9, 1)
BEFORE = datetime.date(2022, 8, 31)


@pytest.fixture
def school():
    return SchoolFactory()


@pytest.fixture
def syndicat(school):
    return GroupingFactory(members=[school.commune])


def payer(school, day):
    row = School.objects.annotate(payer_then=payer_on(day)).get(pk=school.pk)
    return Collectivity.objects.get(pk=row.payer_then)


def test_a_school_is_paid_for_by_its_commune_until_the_day_it_is_taken_over(school, syndicat):
    take_over(School.objects.all(), syndicat, START, by=None)
    assert payer(school, BEFORE) == school.commune.collectivity
    assert payer(school, START) == syndicat


def test_a_school_given_back_is_paid_for_by_its_commune_again(school, syndicat):
    take_over(School.objects.all(), syndicat, START, by=None)
    given = datetime.date(2024, 9, 1)
    give_back(School.objects.all(), given, by=None)
    assert payer(school, datetime.date(2024, 8, 31)) == syndicat
    assert payer(school, given) == school.commune.collectivity
    school.refresh_from_db()
    assert school.payer == school.commune.collectivity


def test_lists_show_the_payer_of_today_and_the_history_says_who_changed_it(school, syndicat):
    agent = UserFactory(role="rectorat")
    take_over(School.objects.all(), syndicat, START, by=agent)
    school.refresh_from_db()
    assert school.payer == syndicat
    assert school.history.first().history_user == agent
    assert Takeover.history.get().history_user == agent


def test_a_takeover_to_come_shows_in_lists_on_its_day_only(school, syndicat):
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    take_over(School.objects.all(), syndicat, tomorrow, by=None)
    school.refresh_from_db()
    assert school.payer == school.commune.collectivity
    Takeover.objects.update(since=timezone.localdate())
    call_command("follow_payers", verbosity=0)
    school.refresh_from_db()
    assert school.payer == syndicat


@pytest.mark.parametrize(
    ("since", "said"),
    [
        (datetime.date(26, 9, 1), "Vouliez-vous dire 2026"),
        (datetime.date(1999, 9, 1), "Vouliez-vous dire 2027"),
        (datetime.date(2027, 12, 1), "trop lointaine"),
    ],
)
def test_a_takeover_of_another_age_is_refused_at_its_day(school, syndicat, since, said):
    for act in (
        lambda: take_over(School.objects.all(), syndicat, since, by=None),
        lambda: give_back(School.objects.all(), since, by=None),
    ):
        with pytest.raises(ValidationError, match=said) as refusal:
            act()
        assert list(refusal.value.error_dict) == ["since"]
    assert not Takeover.objects.exists()


def test_following_payers_twice_changes_nothing_the_second_time(school, syndicat):
    take_over(School.objects.all(), syndicat, START, by=None)
    assert follow_payers() == 0


def test_a_takeover_corrected_on_its_day_keeps_one_row(school, syndicat):
    other = GroupingFactory(members=[school.commune])
    take_over(School.objects.all(), other, START, by=None)
    take_over(School.objects.all(), syndicat, START, by=None)
    assert Takeover.objects.get().payer == syndicat
    assert Takeover.history.count() == 2


def test_a_school_outside_the_member_communes_is_left_out_with_the_reason(school, syndicat):
    outside = SchoolFactory()
    report = take_over(School.objects.all(), syndicat, START, by=None)
    assert report.changed == [school]
    assert [row for row, _ in report.left_out] == [outside]
    assert "n'est pas membre" in report.left_out[0][1]


@pytest.mark.parametrize(
    ("dates", "reason"),
    [
        ({"since": datetime.date(2022, 9, 2)}, "n'est pas membre"),
        ({"since": datetime.date(2020, 1, 1), "until": BEFORE}, "n'est pas membre"),
        ({"since": START, "until": START}, ""),
    ],
)
def test_the_commune_is_a_member_on_the_day_of_the_takeover(school, dates, reason):
    syndicat = GroupingFactory()
    syndicat.memberships.create(commune=school.commune, **dates)
    report = review(School.objects.all(), syndicat, START)
    assert [reason in text for _, text in report.left_out] == ([True] if reason else [])


def test_a_closed_school_is_not_taken_over(school, syndicat):
    School.objects.update(state=School.State.CLOSED)
    assert "fermée" in review(School.objects.all(), syndicat, START).left_out[0][1]


def test_a_school_already_taken_over_is_left_out(school, syndicat):
    take_over(School.objects.all(), syndicat, START, by=None)
    assert "déjà à sa charge" in review(School.objects.all(), syndicat, START).left_out[0][1]


def test_a_commune_does_not_take_schools_over(school):
    with pytest.raises(ValidationError, match="EPCI ou un syndicat"):
        take_over(School.objects.all(), CollectivityFactory(), START, by=None)


def test_a_grouping_merged_into_another_takes_nothing_over(school, syndicat):
    syndicat.merged_into, syndicat.merged_on = GroupingFactory(), START
    syndicat.save()
    with pytest.raises(ValidationError, match="réuni à"):
        take_over(School.objects.all(), syndicat, START, by=None)


def test_the_payer_of_a_school_changes_once_a_day_at_most(school, syndicat):
    Takeover.objects.create(school=school, payer=syndicat, since=START)
    with pytest.raises(IntegrityError), transaction.atomic():
        Takeover.objects.create(school=school, since=START)
    with pytest.raises(ValidationError, match="change déjà ce jour-là"):
        Takeover(school=school, since=START).full_clean()


def test_a_merged_collectivity_is_replaced_by_the_one_that_stands_for_it(school):
    heir = CollectivityFactory()
    old = school.payer
    old.merged_into, old.merged_on = heir, START
    old.save()
    assert payer(school, BEFORE) == heir
    assert follow_payers() == 1
    school.refresh_from_db()
    assert (school.payer, school.commune) == (heir, old.commune)


def test_taking_over_takes_the_same_queries_whatever_the_number(django_assert_num_queries):
    members = [SchoolFactory().commune for _ in range(3)]
    syndicat = GroupingFactory(members=members)
    with django_assert_num_queries(12):
        take_over(School.objects.all(), syndicat, START, by=None)
    for commune in members:
        SchoolFactory.create_batch(5, payer=commune.collectivity)
    with django_assert_num_queries(12):
        take_over(School.objects.all(), syndicat, START, by=None)


def test_the_schools_of_a_grouping_come_with_the_day_they_joined(school, syndicat):
    take_over(School.objects.all(), syndicat, START, by=None)
    assert [(row.pk, row.since) for row in schools_paid_by(syndicat, START)] == [(school.pk, START)]
    own = schools_paid_by(school.commune.collectivity, BEFORE)
    assert [(row.pk, row.since) for row in own] == [(school.pk, None)]
