"""What an agent types without accents is found."""

import pytest
from django.contrib.admin import ModelAdmin, site

from communes.models import Commune
from tabular.admin_search import FoldedSearchMixin
from tests.factories import CommuneFactory

pytestmark = pytest.mark.django_db


class FoldedAdmin(FoldedSearchMixin, ModelAdmin):
    pass


def found(rf, text):
    rows, _ = FoldedAdmin(Commune, site).get_search_results(
        rf.get("/"), Commune.objects.all(), text
    )
    return [commune.name for commune in rows]


@pytest.mark.parametrize(
    "text", ["villeneuve les mag", "VILLENEUVE-LÈS", "maguelone villeneuve", "34337"]
)
def test_a_commune_is_found_whatever_accents_case_hyphens_and_order(rf, text):
    CommuneFactory(code="34337", name="Villeneuve-lès-Maguelone")
    CommuneFactory(code="34340", name="Villeneuvette")

    assert found(rf, text) == ["Villeneuve-lès-Maguelone"]


def test_every_word_typed_must_be_found(rf):
    CommuneFactory(name="Le Vigan")
    assert found(rf, "vigan gard") == []
