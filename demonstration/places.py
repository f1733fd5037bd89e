"""The people and schools of the demonstration: made up, and saying so, but for the file of 2022."""

import csv
import datetime
import random
from functools import cache
from pathlib import Path

from accounts.models import User
from communes.models import Collectivity, Commune, Membership
from schools import uai
from schools.models import School
from schools.takeover import take_over

SEED = 2026
# A made-up syndicat of twelve small communes around Mont Lozère.
SYNDICAT_SIREN = "200999001"
SYNDICAT_MEMBERS = (
    "48003",
    "48004",
    "48015",
    "48021",
    "48030",
    "48037",
    "48053",
    "48081",
    "48082",
    "48117",
    "48119",
    "48157",
)
SYNDICAT_SCHOOLS = 45
# The middle of communes, by INSEE code: GeoNames (geonames.org), CC BY 4.0. It lacks small ones,
# whose schools stay without a position, as some do in the annuaire.
_POSITIONS_FILE = Path(__file__).parent / "positions.csv"
_FIRST_NAMES = {
    "F": ("Anne", "Claire", "Fatima", "Hélène", "Isabelle", "Jeanne", "Nadia", "Sylvie"),
    "M": ("Alain", "Bruno", "Denis", "Karim", "Laurent", "Michel", "Pascal", "Yves"),
}
_LAST_NAMES = [
    "BONNET",
    "CAZALS",
    "DELMAS",
    "ESPINASSE",
    "FABRE",
    "GARRIGUE",
    "LACOMBE",
    "MAURIN",
    "NOUGARET",
    "PUECH",
    "ROQUES",
    "SERRES",
    "TEISSIER",
    "VIDAL",
]
_SCHOOL_NAMES = (
    "Les Tilleuls",
    "Le Petit Prince",
    "Jean Moulin",
    "Les Oliviers",
    "Jacques Prévert",
    "La Garrigue",
    "Marie Curie",
    "Les Platanes",
)
_STREETS = ("place de la Mairie", "rue de la République", "avenue de l'Europe", "Grand-Rue")


def describe_villeneuve(collectivity: Collectivity) -> None:
    collectivity.address_line_1 = "Place Porte Saint-Laurent"
    collectivity.postcode = "34750"
    collectivity.city = "Villeneuve-lès-Maguelone"
    collectivity.representative_civility = "F"
    collectivity.representative_first_name = "Véronique"
    collectivity.representative_last_name = "NEGRET"
    collectivity.representative_capacity = "Maire"
    collectivity.capacity_gender = "M"
    collectivity.save()


def villeneuve_schools(collectivity: Collectivity) -> list[School]:
    commune = Commune.objects.get(collectivity=collectivity)
    named = {
        "0341255E": ("École élémentaire publique Pierre Bouissinet", 43.53363, 3.86212),
        "0342026T": ("École élémentaire publique Françoise Dolto", 43.52915, 3.86631),
    }
    return [
        School.objects.get_or_create(
            uai=code,
            defaults={
                "name": name,
                "nature": School.Nature.ELEMENTAIRE,
                "commune": commune,
                "payer": collectivity,
                "postcode": "34750",
                "latitude": latitude,
                "longitude": longitude,
            },
        )[0]
        for code, (name, latitude, longitude) in named.items()
    ]


def describe(collectivity: Collectivity, chance: random.Random) -> None:
    civility = chance.choice("FM")
    collectivity.address_line_1 = f"{chance.randint(1, 60)}, {chance.choice(_STREETS)}"
    collectivity.representative_civility = civility
    collectivity.representative_first_name = chance.choice(_FIRST_NAMES[civility])
    collectivity.representative_last_name = chance.choice(_LAST_NAMES)
    collectivity.representative_capacity = "Maire"
    collectivity.capacity_gender = "M" if civility == "M" else chance.choice("FFM")
    collectivity.save()


def made_up_schools(collectivity: Collectivity, count: int | None, chance: random.Random) -> None:
    """Schools that say they are made up, with UAI codes whose key is right; some when None."""
    count = count or chance.choice((1, 1, 1, 2, 2, 3, 4))
    names = chance.sample(_SCHOOL_NAMES, k=min(count, len(_SCHOOL_NAMES)))
    for index in range(count):
        made_up_school(collectivity, f"École primaire {names[index % len(names)]} (fictive)")


def made_up_school(collectivity: Collectivity, name: str) -> School:
    start = f"0{collectivity.department.code}9"
    digits = f"{start}{School.objects.filter(uai__startswith=start).count():03d}"
    latitude, longitude = _positions().get(collectivity.code, (None, None))
    return School.objects.create(
        uai=digits + uai.key(digits),
        name=name,
        nature=School.Nature.ELEMENTAIRE,
        commune=Commune.objects.get(collectivity=collectivity),
        payer=collectivity,
        postcode=collectivity.postcode,
        latitude=latitude,
        longitude=longitude,
    )


@cache
def _positions() -> dict[str, tuple[float, float]]:
    """Latitude and longitude of communes, in degrees, by INSEE code."""
    with _POSITIONS_FILE.open(encoding="utf-8", newline="") as file:
        return {
            row["code_insee"]: (float(row["latitude"]), float(row["longitude"]))
            for row in csv.DictReader(file, delimiter=";")
        }


def create_syndicat(*, by: User | None) -> Collectivity:
    """A syndicat that took over the schools of its member communes, some months ago."""
    members = list(
        Commune.objects.filter(code__in=SYNDICAT_MEMBERS)
        .select_related("collectivity", "department")
        .order_by("code")
    )
    syndicat = Collectivity(
        kind=Collectivity.Kind.SYNDICAT,
        name="Syndicat intercommunal scolaire du Mont Lozère (fictif)",
        department=members[0].department,
        siren=SYNDICAT_SIREN,
        siret="20099900100015",
        postcode="48800",
        city="Altier",
    )
    chance = random.Random(SEED)  # noqa: S311
    describe(syndicat, chance)
    syndicat.representative_capacity = "Présidente"
    syndicat.capacity_gender = "F"
    syndicat.save()
    Membership.objects.bulk_create(
        Membership(collectivity=syndicat, commune=commune, since=datetime.date(2019, 1, 1))
        for commune in members
    )
    for number in range(SYNDICAT_SCHOOLS):
        commune = members[number % len(members)]
        digits = f"0488{number:03d}"
        School.objects.create(
            uai=digits + uai.key(digits),
            name=f"École primaire {chance.choice(_SCHOOL_NAMES)} (fictive)",
            nature=School.Nature.ELEMENTAIRE,
            commune=commune,
            payer=commune.collectivity,
        )
    schools = School.objects.filter(commune__in=members)
    take_over(schools, syndicat, datetime.date(2026, 9, 1), by=by)
    return syndicat
