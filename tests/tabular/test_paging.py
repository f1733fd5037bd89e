"""Pages of long lists: the keys, then the rows."""

import pytest

from communes.models import Department
from tabular.paging import KeysFirst
from tests.factories import DepartmentFactory

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
