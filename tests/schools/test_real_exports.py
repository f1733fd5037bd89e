"""The importer on the real exports of the annuaire (skipped where they are absent)."""

import csv
import io
import re

import pytest
from django.core.management import call_command

from schools.imports import import_schools
from schools.models import School
from tests.importing import held

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database,
    pytest.mark.xdist_group("region"),  # It is imported once.
]


@pytest.fixture(scope="module")
def export(real_data):
    return (real_data / "annuaire-education_occitanie_2024-11-26.csv").read_bytes()


@pytest.fixture(scope="module")
def region(module_db, export):
    """The whole region, imported; returns the report."""
    call_command("import_communes", verbosity=0)
    return import_schools(export)


def test_the_whole_region_is_taken_without_a_refusal(region):
    assert (len(region.created), len(region.refused)) == (4104, 0)
    assert region.ignored.total() == 6240 - 4104
    assert School.objects.values("commune").distinct().count() == 2386
    assert School.objects.filter(commune__name="Toulouse").count() == 189
    assert School.objects.filter(commune__name="Montpellier").count() == 113
    # Under the code that Conques bore before it merged.
    assert School.objects.filter(payer__code="12218", commune__code="12218").count() == 2
    assert School.objects.get(uai="0341255E").payer.name == "Villeneuve-lès-Maguelone"


def test_importing_the_whole_region_again_changes_nothing(region, export):
    report = import_schools(export)
    assert report.changes_nothing
    assert report.unchanged == 4104


def as_saved_by_a_spreadsheet(content):
    """The export opened and saved: numbers without their zeros, days in the French order."""

    def saved(cell):
        if cell.isdecimal():
            return str(int(cell))
        return re.sub(r"^(\d{4})-(\d\d)-(\d\d)$", r"\3/\2/\1", cell)

    header, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";")
    target = io.StringIO()
    writer = csv.writer(target, delimiter=";")
    writer.writerow(header)
    writer.writerows([saved(cell) for cell in row] for row in rows)
    return target.getvalue().encode("utf-8-sig")


def test_the_region_saved_by_a_spreadsheet_changes_no_school(region, export):
    report = import_schools(as_saved_by_a_spreadsheet(export), dry_run=True)
    assert report.changed == []
    assert (report.unchanged, report.refused) == (4104, [])


def test_files_of_less_than_the_region_close_nothing(region, real_data):
    lozere = real_data / "fixtures" / "annuaire-education_2024-11_lozere48.csv"
    report = import_schools(lozere.read_bytes())
    assert (report.unchanged, report.kinds) == (81, [])

    extract = real_data / "fixtures" / "annuaire-education_2024-11_72col_utf8bom_lf.csv"
    report = import_schools(extract.read_bytes())
    assert held(report)["closure"].count(" sur ") == 11
    assert not School.objects.filter(closure_proposed_on__isnull=False).exists()


def test_technical_headers_are_understood(region, real_data):
    file = real_data / "fixtures" / "adresse-geoloc_2024_entetes-techniques.csv"
    report = import_schools(file.read_bytes())
    assert not report.refused
    assert report.ignored.total() == 2  # Two collèges.


def test_each_commune_of_a_dispersed_rpi_pays_for_its_own_school(region, real_data):
    paid = dict(School.objects.values_list("uai", "payer__code"))
    wrong = []
    rows = (real_data / "rpi_disperses_occitanie.csv").read_text().splitlines()[1:]
    assert len(rows) > 400
    for row in rows:
        code, _, schools, communes = row.split(";")
        payers = {paid[uai] for uai in schools.split() if uai in paid}
        if payers - {_today(commune) for commune in communes.split()}:
            wrong.append(code)
    assert wrong == []


def _today(code):
    return {"12076": "12218"}.get(code, code)


def test_telephones_cut_all_over_the_region_are_held_back(region, export):
    text = re.sub(r";(0\d{8})\d;", r";\1;", export.decode("utf-8-sig"))
    report = import_schools(text.encode())
    assert held(report) == {"phone": "La plupart de ces textes perdraient des caractères."}
    assert next(kind.count for kind in report.kinds if kind.key == "phone") == 4078
    assert import_schools(export).changes_nothing
