"""A place falls in its own département."""

import csv
import io

import pytest

from communes.outlines import outlines, project

# The corners of the country, then the prefectures of a region.
PLACES = {
    "29": (48.3900, -4.4860),  # Brest
    "59": (51.0344, 2.3768),  # Dunkerque
    "67": (48.5734, 7.7521),  # Strasbourg
    "75": (48.8566, 2.3522),
    "33": (44.8378, -0.5792),  # Bordeaux
    "64": (43.3570, -1.7600),  # Hendaye
    "06": (43.7750, 7.5000),  # Menton
    "2A": (41.3900, 9.1600),  # Bonifacio
    "2B": (42.6970, 9.4500),  # Bastia
    "09": (42.9639, 1.6054),
    "11": (43.2130, 2.3491),
    "12": (44.3506, 2.5750),
    "30": (43.8367, 4.3601),
    "31": (43.6047, 1.4442),
    "32": (43.6465, 0.5855),
    "34": (43.6119, 3.8772),
    "46": (44.4475, 1.4419),
    "48": (44.5180, 3.5010),
    "65": (43.2328, 0.0781),
    "66": (42.6986, 2.8956),
    "81": (43.9298, 2.1480),
    "82": (44.0180, 1.3550),
}


def holds(outline, point):
    """Cast a ray eastwards from `point`: it crosses the rings that hold it an odd number of times."""
    x, y = point
    crossed = 0
    for ring in outline.rings:
        for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
            if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
                crossed += 1
    return crossed % 2 == 1


def test_every_departement_of_the_mainland_and_corse_has_an_outline():
    assert len(outlines()) == 96
    assert {"2A", "2B", "01", "95"} <= outlines().keys()


@pytest.mark.parametrize("code", PLACES)
def test_a_town_falls_in_its_own_departement_only(code):
    point = project(*PLACES[code])
    assert [other for other, outline in outlines().items() if holds(outline, point)] == [code]


def test_the_corners_hold_all_of_it():
    (left, top), (right, bottom) = outlines()["34"].corners
    x, y = project(*PLACES["34"])
    assert left < x < right
    assert top < y < bottom


def test_the_schools_of_the_annuaire_fall_in_their_own_departement(real_data):
    content = (real_data / "annuaire-education_occitanie_2024-11-26.csv").read_text("utf-8-sig")
    rows = [
        (row["Code_departement"].lstrip("0").zfill(2), row["latitude"], row["longitude"])
        for row in csv.DictReader(io.StringIO(content), delimiter=";")
        if row["latitude"]
    ]
    outside = [
        row for row in rows if not holds(outlines()[row[0]], project(float(row[1]), float(row[2])))
    ]
    assert len(rows) > 6000
    assert len(outside) / len(rows) < 0.005
