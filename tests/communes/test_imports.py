"""Import of the communes: created, followed, and never over what a town hall confirmed."""

import os

import pytest
from django.core.management import CommandError, call_command

from communes.imports import import_communes
from communes.models import Collectivity, Commune, Department, FormerCode
from communes.territory import COMMUNES_FILE
from tabular.reading import UnreadableFile
from tests.factories import CollectivityFactory, CommuneFactory, DepartmentFactory, UserFactory
from tests.importing import accept, held

pytestmark = pytest.mark.django_db

HEADER = (
    "code_insee;nom;departement;siren;codes_postaux;population;epci_siren;epci_nom;"
    "anciens_codes;siret_siege_presume;siret_siege_verifie\n"
)
VILLENEUVE = (
    "34337;Villeneuve-lès-Maguelone;34;213403371;34750;10872;243400017;"
    "Montpellier Méditerranée Métropole;;21340337100015;\n"
)


@pytest.fixture(autouse=True)
def departments():
    DepartmentFactory(code="34")
    DepartmentFactory(code="12", name="Aveyron", of_name="de l'Aveyron")


def csv(*rows):
    return (HEADER + "".join(rows)).encode()


def counts(report):
    return (len(report.created), len(report.changed), report.unchanged, len(report.refused))


def test_a_commune_comes_with_its_collectivity_filled_in():
    assert counts(import_communes(csv(VILLENEUVE))) == (1, 0, 0, 0)
    collectivity = Collectivity.objects.get(code="34337")
    assert collectivity.commune.population == 10872
    assert (collectivity.name, collectivity.siren) == ("Villeneuve-lès-Maguelone", "213403371")
    assert (collectivity.siret, collectivity.postcode) == ("21340337100015", "34750")
    assert collectivity.search_text.startswith("villeneuve les maguelone 34337")


def test_importing_the_same_file_again_changes_nothing():
    import_communes(csv(VILLENEUVE))
    assert counts(import_communes(csv(VILLENEUVE))) == (0, 0, 1, 0)
    assert Commune.history.count() == 1


def test_a_dry_run_says_what_would_change_and_writes_nothing():
    report = import_communes(csv(VILLENEUVE), dry_run=True)
    assert counts(report) == (1, 0, 0, 0)
    assert not Commune.objects.exists()


def test_a_verified_siret_goes_before_the_presumed_one():
    row = VILLENEUVE.replace("21340337100015;", "21340337100015;21340337100064")
    import_communes(csv(row))
    assert Collectivity.objects.get().siret == "21340337100064"


def test_what_a_town_hall_confirmed_is_kept():
    commune = CommuneFactory(code="34337", name="Villeneuve-lès-Maguelone", siren="213403371")
    CollectivityFactory(
        commune=commune, siret="21340337100064", postcode="34751", representative_last_name="NEGRET"
    )
    import_communes(csv(VILLENEUVE))
    collectivity = Collectivity.objects.get()
    assert collectivity.siret == "21340337100064"
    assert (collectivity.postcode, collectivity.representative_last_name) == ("34751", "NEGRET")


def test_a_commune_renamed_renames_its_collectivity():
    import_communes(csv(VILLENEUVE))
    renamed = VILLENEUVE.replace("Villeneuve-lès-Maguelone", "Maguelone")
    assert counts(import_communes(csv(renamed))) == (0, 1, 0, 0)
    assert Collectivity.objects.get().name == "Maguelone"
    assert Collectivity.objects.get().search_text.startswith("maguelone")


def test_the_name_that_an_agent_gave_the_collectivity_is_kept():
    import_communes(csv(VILLENEUVE))
    Collectivity.objects.update(name="Ville de Villeneuve")
    import_communes(csv(VILLENEUVE.replace("Villeneuve-lès-Maguelone", "Maguelone")))
    assert Collectivity.objects.get().name == "Ville de Villeneuve"


def test_a_new_siren_asks_the_town_hall_for_its_siret():
    import_communes(csv(VILLENEUVE))
    merged = VILLENEUVE.replace("21340337100015", "").replace("213403371", "200055929")
    report = import_communes(csv(merged))
    collectivity = Collectivity.objects.get()
    assert (collectivity.siren, collectivity.siret) == ("200055929", "21340337100015")
    assert "à faire confirmer" in str(report.changed[0])


@pytest.mark.parametrize("siren", ["932741499", "938761095", "200055929"])
def test_a_siren_that_does_not_follow_the_usual_form_is_taken(siren):
    row = VILLENEUVE.replace("213403371;", f"{siren};").replace("21340337100015", "")
    assert not import_communes(csv(row)).refused


def test_former_codes_lead_to_the_commune_that_took_them_in():
    import_communes(
        csv("12218;Conques-en-Rouergue;12;200055929;12320;1540;;;12076 12114;20005592900018;\n")
    )
    assert {code.code: code.commune.code for code in FormerCode.objects.all()} == {
        "12076": "12218",
        "12114": "12218",
    }


def test_a_commune_restored_under_its_own_code_is_no_longer_a_former_code():
    merged = "12218;Conques-en-Rouergue;12;200055929;12320;1540;;;12076;;\n"
    import_communes(csv(merged))
    import_communes(csv(merged, "12076;Conques;12;211200761;12320;280;;;;;\n"))
    assert not FormerCode.objects.exists()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (VILLENEUVE.replace("213403371;", "213403372;"), "clé"),
        (VILLENEUVE.replace("213403371;", "2,13403E+08;"), "tableur"),
        (VILLENEUVE.replace("21340337100015", "21340337100016"), "clé"),
        (VILLENEUVE.replace("21340337100015", "21340172200011"), "ne commence pas"),
        (VILLENEUVE.replace("34337;", "343377;"), "code INSEE"),
        (VILLENEUVE.replace("Villeneuve-lès-Maguelone", ""), "nom"),
        (VILLENEUVE.replace("Villeneuve-lès-Maguelone", "V" * 101), "100"),
        (VILLENEUVE.replace("10872", "beaucoup"), "population"),
        (VILLENEUVE.replace("10872", "-3"), "population"),
    ],
)
def test_a_wrong_row_is_refused_alone_with_its_line_and_reason(row, reason):
    good = "34003;Agde;34;213400039;34300;30000;;;;21340003900011;\n"
    report = import_communes(csv(good, row))
    assert counts(report) == (1, 0, 0, 1)
    assert report.refused[0].line == 3
    assert reason in report.refused[0].reason


def test_a_commune_twice_in_a_file_is_taken_once():
    report = import_communes(csv(VILLENEUVE, VILLENEUVE.replace("Villeneuve", "Autre")))
    assert report.refused[0].line == 3
    assert "ligne 2" in report.refused[0].reason
    assert Commune.objects.get().name == "Villeneuve-lès-Maguelone"


def test_communes_of_other_regions_are_counted_and_left_out():
    report = import_communes(csv("13055;Marseille;13;211300553;13001;870000;;;;;\n"))
    assert report.ignored.total() == 1
    assert not Commune.objects.exists()


def test_a_leading_zero_lost_in_a_spreadsheet_is_restored():
    DepartmentFactory(code="09", name="Ariège", of_name="de l'Ariège")
    import_communes(csv("9001;Aigues-Juntes;9;210900015;9240;59;;;;;\n"))
    commune = Commune.objects.get()
    assert (commune.code, commune.postcodes) == ("09001", "09240")


def test_an_optional_column_that_is_absent_says_nothing():
    import_communes(csv(VILLENEUVE))
    import_communes("Code INSEE,Libellé,Dep,SIREN\n34337,Maguelone,34,213403371\n".encode())
    commune = Commune.objects.get()
    assert (commune.name, commune.population, commune.postcodes) == ("Maguelone", 10872, "34750")


def test_communes_wait_for_their_departements():
    Department.objects.all().delete()
    with pytest.raises(UnreadableFile, match="département"):
        import_communes(csv(VILLENEUVE))


def test_a_dry_run_of_the_command_writes_nothing():
    Department.objects.exclude(code="34").delete()
    call_command("import_communes", dry_run=True)
    assert Department.objects.count() == 1
    assert not Commune.objects.exists()


def test_the_history_says_who_imported():
    agent = UserFactory()
    import_communes(csv(VILLENEUVE), by=agent)
    import_communes(csv(VILLENEUVE.replace("10872", "11000")), by=agent)
    entries = Commune.objects.get().history.all()
    assert [(entry.history_type, entry.history_user) for entry in entries] == [
        ("~", agent),
        ("+", agent),
    ]


def test_the_number_of_queries_does_not_grow_with_the_file(django_assert_max_num_queries):
    def row(n):
        return f"34{n:03d};Bourg {n};34;213403371;34000;10;;;;;\n"

    with django_assert_max_num_queries(20):
        import_communes(csv(*(row(n) for n in range(5))))
    with django_assert_max_num_queries(20):
        import_communes(csv(*(row(n) for n in range(60))))


@pytest.mark.one_database
def test_the_command_loads_the_communes_that_are_shipped(capsys):
    call_command("import_communes")
    assert "4446 créées" in capsys.readouterr().out
    assert Commune.objects.count() == Collectivity.objects.count() == 4446
    report = import_communes(COMMUNES_FILE.read_bytes())
    assert counts(report) == (0, 0, 4446, 0)


def test_the_command_prints_refused_rows_without_failing(tmp_path, capsys):
    file = tmp_path / "communes.csv"
    file.write_bytes(csv(VILLENEUVE.replace("213403371;", "1;")))
    call_command("import_communes", file)
    assert "ligne 2 refusée (34337)" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"a;b\n1;2\n"])
def test_the_command_fails_on_an_unreadable_file(tmp_path, content):
    file = tmp_path / "communes.csv"
    file.write_bytes(content)
    with pytest.raises(CommandError):
        call_command("import_communes", file)


def test_the_command_fails_when_the_file_is_not_there(tmp_path):
    with pytest.raises(CommandError, match="ne peut pas être lu"):
        call_command("import_communes", tmp_path / "absent.csv")


COG = (
    "TYPECOM,COM,REG,DEP,CTCD,ARR,TNCC,NCC,NCCENR,LIBELLE,CAN,COMPARENT\n"
    "COM,34337,76,34,34D,343,0,VILLENEUVE,Villeneuve,Villeneuve-lès-Maguelone,3408,\n"
    "COMD,34337,76,34,34D,343,0,VILLENEUVE,Villeneuve,Villeneuve ancienne,,34337\n"
    "COMA,34999,76,34,34D,343,0,ANCIENNE,Ancienne,Ancienne,,34337\n"
)
BANATIC = (
    "Reg_com;dep_com;siren;insee;nom_com;ptot_2026\n"
    "76;34;213403371;34337;Villeneuve-lès-Maguelone;10900\n"
)


def test_a_known_commune_keeps_its_siren_when_the_yearly_file_has_none():
    import_communes(csv(VILLENEUVE))
    report = import_communes(COG.encode())
    assert counts(report) == (0, 0, 1, 0)
    assert Commune.objects.get().siren == "213403371"


def test_associated_and_delegated_communes_are_none():
    import_communes(csv(VILLENEUVE))
    assert import_communes(COG.encode()).ignored.total() == 2
    assert Commune.objects.count() == 1


def test_a_new_commune_of_the_yearly_file_waits_for_the_file_of_sirens():
    report = import_communes(COG.encode())
    assert "banatic" in report.refused[0].reason
    import_communes(BANATIC.encode())
    assert counts(import_communes(COG.encode())) == (0, 0, 1, 0)
    assert Collectivity.objects.get().siren == "213403371"


def test_codes_of_associated_and_delegated_communes_lead_to_their_commune():
    import_communes(csv(VILLENEUVE))
    report = import_communes(COG.encode())
    assert [(kind.key, kind.count, kind.held) for kind in report.kinds] == [("former_added", 1, "")]
    assert FormerCode.objects.get().code == "34999"
    assert FormerCode.objects.get().commune.code == "34337"
    assert import_communes(COG.encode()).changes_nothing


def test_the_yearly_file_alone_tells_a_merger_by_its_delegated_communes():
    import_communes(csv(VILLENEUVE, "34999;Ancienne;34;213400039;34750;280;;;;;\n"))
    report = import_communes(COG.replace("COMA", "COMD").encode())
    assert [change.identifier for change in report.mergers] == ["34999"]
    assert Collectivity.objects.get(code="34999").merged_into.code == "34337"


def test_a_part_of_a_commune_that_is_not_known_leads_nowhere():
    report = import_communes(COG.encode())
    assert (report.kinds, FormerCode.objects.count()) == ([], 0)


def test_names_changed_in_series_are_held_back_and_the_rest_is_written():
    def lines(name, population):
        return [f"3400{n};{name} {n};34;213400039;34750;{population};;;;;\n" for n in range(1, 9)]

    assert held(import_communes(csv(*lines("Ville", 100)))) == {}
    report = import_communes(csv(*lines("Commune de Ville", 100)))
    assert list(held(report)) == ["name"]
    assert Commune.objects.get(code="34001").name == "Ville 1"
    accept(import_communes, csv(*lines("Commune de Ville", 100)))
    assert Collectivity.objects.get(code="34001").name == "Commune de Ville 1"


def test_what_joins_communes_that_are_not_ticked_waits_with_them():
    import_communes(csv("12076;Conques;12;211200761;12320;280;;;;;\n"))
    moved = csv("12218;Conques-en-Rouergue;12;200055929;12320;1540;;;12076 12114;;\n")
    kinds = import_communes(moved, dry_run=True).kinds
    report = import_communes(moved, accepted=[k.token for k in kinds if k.key != "created"])
    assert (report.created, report.mergers) == ([], [])
    assert (Commune.objects.count(), FormerCode.objects.count()) == (1, 0)


def test_the_file_that_is_shipped_holds_nothing_back():
    call_command("import_communes")
    Commune.objects.update(population=7777777)
    call_command("import_communes", os.path.relpath(COMMUNES_FILE))
    assert not Commune.objects.filter(population=7777777).exists()
