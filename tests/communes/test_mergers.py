"""Communes that merged or changed code or SIREN: nothing of their history is lost."""

import pytest

from communes.imports import import_communes
from communes.models import Collectivity, Commune, FormerCode
from tests.factories import AcademyFactory, DepartmentFactory, RegionFactory
from tests.importing import accept, held

pytestmark = pytest.mark.django_db

HEADER = "code_insee;nom;departement;siren;anciens_codes\n"
CONQUES = "12076;Conques;12;211200761;\n"
NOAILHAC = "12173;Noailhac;12;211201736;\n"
MERGED = "12076;Conques-en-Rouergue;12;200055929;12173\n"
MOVED = "12218;Conques-en-Rouergue;12;200055929;12076 12173\n"


@pytest.fixture(autouse=True)
def aveyron():
    return DepartmentFactory(code="12", name="Aveyron", of_name="de l'Aveyron")


def take(*rows, **options):
    return import_communes((HEADER + "".join(rows)).encode(), **options)


def heir(code):
    merged = Collectivity.objects.get(code=code).merged_into
    return merged and merged.code


def test_a_commune_that_merged_is_kept_and_leads_to_the_new_one():
    take(CONQUES, NOAILHAC)
    report = take(MERGED)
    assert [(line.identifier, line.details) for line in report.mergers] == [
        ("12173", ("réunie à Conques-en-Rouergue (12076)",))
    ]
    assert ("fusion", 1) in report.counts
    noailhac = Collectivity.objects.get(code="12173")
    assert (noailhac.merged_into.code, noailhac.commune.code) == ("12076", "12173")
    assert noailhac.merged_on is not None
    assert noailhac.history.first().history_change_reason.startswith("Fusion")


def test_a_commune_that_keeps_its_code_keeps_its_row_with_the_new_siren():
    take(CONQUES, NOAILHAC)
    before = Collectivity.objects.get(code="12076")
    take(MERGED)
    before.refresh_from_db()
    assert (before.siren, before.name, before.merged_into) == (
        "200055929",
        "Conques-en-Rouergue",
        None,
    )


def test_a_commune_that_changes_code_is_followed_with_those_merged_into_it():
    take(CONQUES, NOAILHAC)
    take(MERGED)
    take(MOVED)
    assert (heir("12076"), heir("12173"), heir("12218")) == ("12218", "12218", None)


def test_a_merger_already_known_is_not_told_again():
    take(CONQUES, NOAILHAC)
    take(MOVED)
    report = take(MOVED)
    assert report.changes_nothing
    assert report.unchanged == 1


def test_a_dry_run_tells_the_merger_and_writes_nothing():
    take(CONQUES)
    assert len(take(MOVED, dry_run=True).mergers) == 1
    assert heir("12076") is None


def test_a_commune_restored_under_its_own_code_stands_for_itself_again():
    take(CONQUES, NOAILHAC)
    take(MERGED)
    report = take("12076;Conques;12;200055929;\n", NOAILHAC)
    assert report.mergers[0].details == ("commune rétablie",)
    assert heir("12173") is None


def test_a_restored_commune_that_is_not_ticked_stays_merged_and_its_code_leads_on():
    take(CONQUES, NOAILHAC)
    take(MERGED)
    restored = ("12076;Conques;12;200055929;\n", NOAILHAC)
    kinds = take(*restored, dry_run=True).kinds
    take(*restored, accepted=[kind.token for kind in kinds if kind.key == "name"])
    assert heir("12173") == "12076"
    assert FormerCode.objects.get(code="12173").commune.code == "12076"
    accept(import_communes, (HEADER + "".join(restored)).encode())
    assert heir("12173") is None
    assert not FormerCode.objects.filter(code="12173").exists()


def test_a_commune_absent_from_a_partial_file_is_not_merged():
    take(CONQUES, NOAILHAC)
    assert take(CONQUES).mergers == []


@pytest.mark.one_database
def test_the_mergers_of_2016_to_2026_are_found_between_an_old_state_and_the_current_file(
    real_data,
):
    """The communes that disappeared since 2016, as they were, then the file of today."""
    current = (real_data / "communes_occitanie.csv").read_bytes()
    alive = {line.partition(";")[0] for line in current.decode("utf-8-sig").splitlines()[1:]}
    moves = (real_data / "communes_mouvements_occitanie_2010_2026.csv").read_text().splitlines()
    gone = {}
    for line in moves[1:]:
        _, _, code, name, new, _ = line.split(";")
        if code != new and code not in alive:
            gone[code] = name
    listed = {
        code: line.partition(";")[0]
        for line in current.decode("utf-8-sig").splitlines()[1:]
        for code in line.split(";")[8].split()
    }
    gone = {code: name for code, name in gone.items() if code in listed}
    academy = AcademyFactory(region=RegionFactory())
    for code in {code[:2] for code in alive}:
        DepartmentFactory(code=code, name=f"Département {code}", academy=academy)
    take(*(f"{code};{name};{code[:2]};213400039;\n" for code, name in gone.items()))
    # Nothing but those that disappeared is known: so many at once are held back.
    assert set(held(import_communes(current, dry_run=True))) == {"merger"}
    report = accept(import_communes, current)
    assert {line.identifier for line in report.mergers} == set(gone)
    assert len(gone) > 40
    assert {code: heir(code) for code in gone} == {code: listed[code] for code in gone}
    assert import_communes(current).changes_nothing
    assert FormerCode.objects.filter(code__in=gone).count() == len(gone)
    assert Commune.objects.filter(code__in=gone).count() == len(gone)
