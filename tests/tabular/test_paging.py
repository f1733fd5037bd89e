"""Pages of long lists: the keys, then the rows."""

from itertools import product

import pytest
from django.core.paginator import Paginator

from communes.models import Department
from conventions.models import Convention
from tabular.paging import KeysFirst, YearByYear
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    ConventionFactory,
    DepartmentFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def departments():
    for code in ("12", "09", "48", "11", "30"):
        DepartmentFactory(code=code, name=code)
    return Department.objects.select_related("academy__region").order_by("-code")


def test_a_page_is_the_part_of_the_list_that_it_stands_for(departments):
    pages = KeysFirst(departments, 2)

    assert [[row.code for row in pages.page(n)] for n in pages.page_range] == [
        ["48", "30"],
        ["12", "11"],
        ["09"],
    ]


def test_keys_are_found_without_what_rows_are_shown_with(departments, django_assert_num_queries):
    page = KeysFirst(departments, 2).page(2)

    with django_assert_num_queries(1) as asked:
        assert [row.academy.region.pk for row in page]

    assert "LIMIT" not in asked[0]["sql"]
    assert "communes_region" in asked[0]["sql"]


def test_distinct_rows_are_read_as_they_are_ordered(departments):
    assert [row.code for row in KeysFirst(departments.distinct(), 4).page(2)] == ["09"]


@pytest.fixture
def years():
    """Three years of five, two and four conventions, made in another order than the list's."""
    towns = [CollectivityFactory() for _ in range(5)]
    for year, rows in ((2025, 2), (2026, 5), (2024, 4)):
        campaign = CampaignFactory(start_year=year)
        for town in reversed(towns[:rows]):
            ConventionFactory(campaign=campaign, collectivity=town)
    return Convention.objects.select_related("collectivity__department")


def _pages(paginator):
    return [list(paginator.page(number)) for number in paginator.page_range]


@pytest.mark.parametrize("sorted_at_once", [0, 10_000])
def test_years_are_read_one_by_one_and_make_the_same_list(years, sorted_at_once, monkeypatch):
    monkeypatch.setattr(YearByYear, "sorted_at_once", sorted_at_once)
    orders = (
        ("-campaign__start_year", "collectivity__search_text", "-pk"),
        ("campaign__start_year", "-collectivity__search_text", "-pk"),
        ("-campaign__start_year", "-pk"),
        ("-collectivity__search_text", "-pk"),
        ("-pk",),
    )

    for order, per_page in product(orders, (1, 3, 4, 20)):
        rows = years.order_by(*order)
        pages = YearByYear(rows, per_page)
        assert pages.count == 11
        assert _pages(pages) == _pages(Paginator(rows, per_page)), (order, per_page)


def test_years_are_told_apart_in_what_is_left_of_a_list(years):
    rows = years.exclude(campaign__start_year=2026).order_by("-campaign__start_year", "-pk")
    pages = YearByYear(rows, 4)

    assert pages.count == 6
    assert _pages(pages) == _pages(Paginator(rows, 4))
    assert list(YearByYear(rows.none(), 4).page(1)) == []


def test_the_order_that_a_model_declares_divides_its_list(years, django_assert_num_queries):
    pages = YearByYear(years, 3)
    newest = years.get(pk=years.values_list("pk")[:1]).campaign_id

    with django_assert_num_queries(4) as asked:
        assert [row.campaign_id for row in pages.page(1)] == [newest] * 3

    assert "GROUP BY" in asked[0]["sql"]
    # One year is sorted, and nothing of its campaign is looked up.
    assert "campaigns_campaign" not in asked[2]["sql"]


def test_a_list_of_one_page_is_counted_and_read(years, django_assert_num_queries):
    rows = years.filter(campaign__start_year=2026)

    with django_assert_num_queries(3):
        assert len(YearByYear(rows, 20).page(1)) == 5
