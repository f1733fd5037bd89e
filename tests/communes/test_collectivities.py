"""Groupings: their members, and what their documents print of them."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from communes.models import Collectivity, Membership
from tests.factories import CollectivityFactory, CommuneFactory, GroupingFactory

pytestmark = pytest.mark.django_db

DAY = datetime.date(2020, 1, 1)
LATER = datetime.date(2022, 1, 1)


def membership(since=DAY, until=None, **values):
    return Membership(**{"since": since, "until": until} | values)


@pytest.fixture
def pair():
    return {"collectivity": GroupingFactory(), "commune": CommuneFactory()}


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (None, (LATER, DAY), "ne peut quitter"),
        ((DAY, None), (LATER, None), "déjà membre"),
        ((DAY, LATER), (DAY, LATER), "déjà"),
    ],
)
def test_the_database_refuses_impossible_memberships(pair, first, second, message):
    if first:
        membership(*first, **pair).save()
    wrong = membership(*second, **pair)
    with pytest.raises(ValidationError, match=message):
        wrong.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        wrong.save()


def test_a_commune_does_not_join_again_before_it_left(pair):
    membership(DAY, LATER, **pair).save()
    with pytest.raises(ValidationError, match="déjà membre"):
        membership(LATER, None, **pair).full_clean()
    membership(LATER + datetime.timedelta(days=1), None, **pair).full_clean()


def test_a_membership_holds_on_its_first_and_on_its_last_day(pair):
    membership(DAY, LATER, **pair).save()
    one_day = datetime.timedelta(days=1)
    found = [
        Membership.objects.on(day).exists() for day in (DAY - one_day, DAY, LATER, LATER + one_day)
    ]
    assert found == [False, True, True, False]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (lambda other: {"merged_into": other}, "date"),
        (lambda other: {"merged_on": DAY}, "date"),
    ],
)
def test_a_merger_has_both_its_collectivity_and_its_date(fields, message):
    collectivity = CollectivityFactory()
    for name, value in fields(CollectivityFactory()).items():
        setattr(collectivity, name, value)
    with pytest.raises(ValidationError, match=message):
        collectivity.validate_constraints()
    with pytest.raises(IntegrityError), transaction.atomic():
        collectivity.save()


def test_a_collectivity_does_not_merge_into_itself():
    collectivity = CollectivityFactory()
    collectivity.merged_into, collectivity.merged_on = collectivity, DAY
    with pytest.raises(ValidationError, match="elle-même"):
        collectivity.validate_constraints()
    with pytest.raises(IntegrityError), transaction.atomic():
        collectivity.save()


@pytest.mark.parametrize(
    ("kind", "council", "executive"),
    [
        ("commune", "conseil municipal", "maire"),
        ("epci", "conseil communautaire", "président"),
        ("sivu", "comité syndical", "président"),
        ("sivos", "comité syndical", "président"),
        ("mixte", "comité syndical", "président"),
        ("syndicat", "comité syndical", "président"),
    ],
)
def test_each_kind_has_its_assembly_and_its_executive(kind, council, executive):
    collectivity = Collectivity(kind=kind)
    assert (collectivity.council, collectivity.executive) == (council, executive)


def test_a_grouping_is_titled_by_its_name():
    assert GroupingFactory(name="SIVOS de la Vallée").title == "SIVOS de la Vallée"
