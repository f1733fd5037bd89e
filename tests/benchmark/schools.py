"""A made-up export of the annuaire, of a region's size, for where the official one is absent."""

import csv
import io

from communes.territory import COMMUNES_FILE
from schools import uai
from schools.models import School

# As in the official export of November 2024: 2,388 communes have some 4,100 schools.
_COMMUNES = 2388
_PEOPLE_A_SCHOOL = 1980
_COLUMNS = (
    *("identifiant_de_l_etablissement", "nom_etablissement", "statut_public_prive"),
    *("code_nature", "etat", "code_departement", "code_commune", "nom_commune", "code_postal"),
    *("adresse_1", "mail", "telephone", "nombre_d_eleves", "date_ouverture"),
)


def made_up_export() -> bytes:
    """Return the export as CSV, always the same: schools where people live, in real communes."""
    file = io.StringIO()
    export = csv.DictWriter(file, _COLUMNS, delimiter=";")
    export.writeheader()
    numbers: dict[str, int] = {}
    for commune in _largest_communes():
        for _ in range(max(1, round(int(commune["population"]) / _PEOPLE_A_SCHOOL))):
            department = commune["departement"]
            numbers[department] = number = numbers.get(department, 0) + 1
            export.writerow(_school(commune, number))
    return file.getvalue().encode()


def _largest_communes() -> list[dict[str, str]]:
    with COMMUNES_FILE.open(encoding="utf-8-sig", newline="") as file:
        communes = list(csv.DictReader(file, delimiter=";"))
    return sorted(communes, key=lambda row: (-int(row["population"] or 0), row["code_insee"]))[
        :_COMMUNES
    ]


def _school(commune: dict[str, str], number: int) -> dict[str, str | int]:
    digits = f"0{commune['departement']}{number:04d}"
    code = digits + uai.key(digits)
    return {
        "identifiant_de_l_etablissement": code,
        "nom_etablissement": f"Ecole primaire n° {number} (fictive)",
        "statut_public_prive": "Public",
        "code_nature": School.Nature.ELEMENTAIRE,
        "etat": "OUVERT",
        "code_departement": commune["departement"],
        "code_commune": commune["code_insee"],
        "nom_commune": commune["nom"],
        "code_postal": commune["codes_postaux"][:5],
        "adresse_1": f"{number}, rue de l'Ecole",
        "mail": f"ecole-{code.lower()}@exemple.invalid",
        "telephone": "",
        "nombre_d_eleves": 20 + number * 7 % 180,
        "date_ouverture": "1967-10-09",
    }
