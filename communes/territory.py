"""The territory that the product ships: région académique, académies, départements."""

import csv
from pathlib import Path

from django.db import transaction

from communes.models import Academy, Department, Region

DATA = Path(__file__).parent / "data"
COMMUNES_FILE = DATA / "communes_occitanie.csv"
DEPARTMENTS_FILE = DATA / "departements_occitanie.csv"

REGION = {
    "name": "Occitanie",
    "full_name": "Région académique Occitanie",
    "address_line": "31, rue de l'Université",
    "postcode": "34064",
    "city": "Montpellier Cedex 2",
    "place": "Montpellier",
    "litigation_court": "tribunal administratif de Montpellier",
}
REGION_CODE = "76"


@transaction.atomic
def load_territory() -> int:
    """Create what is missing of the region, its académies and départements.

    What exists is left as agents corrected it. Returns how many rows were created.
    """
    region, is_new = Region.objects.get_or_create(code=REGION_CODE, defaults=REGION)
    created = int(is_new)
    with DEPARTMENTS_FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            academy, is_new = Academy.objects.get_or_create(
                code=row["code_academie"], defaults={"name": row["academie"], "region": region}
            )
            created += is_new
            _, is_new = Department.objects.get_or_create(
                code=row["code"],
                defaults={
                    "name": row["nom"],
                    "academy": academy,
                    "of_name": row["nom_avec_de"],
                    "court": row["tribunal"],
                },
            )
            created += is_new
    return created
