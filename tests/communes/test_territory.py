"""The territory that is shipped, and what agents corrected of it."""

import pytest

from communes.models import Academy, Department, Region
from communes.territory import load_territory

pytestmark = pytest.mark.django_db


def test_the_thirteen_departements_of_two_academies_are_loaded():
    assert load_territory() == 1 + 2 + 13
    assert Academy.objects.count() == 2
    assert sorted(
        Department.objects.filter(academy__name="Montpellier").values_list("code", flat=True)
    ) == ["11", "30", "34", "48", "66"]


def test_loading_again_keeps_the_corrections_of_agents():
    load_territory()
    Department.objects.filter(code="48").update(court="tribunal administratif de Mende")
    Region.objects.update(city="Montpellier")
    assert load_territory() == 0
    assert Department.objects.get(code="48").court == "tribunal administratif de Mende"
    assert Region.objects.get().city == "Montpellier"


@pytest.mark.parametrize(
    ("code", "prefect", "court"),
    [
        ("34", "Préfet de l'Hérault", "Montpellier"),
        ("30", "Préfet du Gard", "Nîmes"),
        ("65", "Préfet des Hautes-Pyrénées", "Pau"),
        ("48", "Préfet de la Lozère", "Nîmes"),
        ("82", "Préfet de Tarn-et-Garonne", "Toulouse"),
    ],
)
def test_each_departement_has_its_prefect_and_its_court(code, prefect, court):
    load_territory()
    department = Department.objects.get(code=code)
    assert department.prefect == prefect
    assert department.court == f"tribunal administratif de {court}"
