"""Import of the schools: whatever the export's variant, and closing nothing silently."""

import datetime

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from communes.models import FormerCode
from schools import uai
from schools.imports import import_schools
from schools.models import School
from schools.takeover import take_over
from tabular.reading import UnreadableFile
from tests.factories import (
    CollectivityFactory,
    CommuneFactory,
    DepartmentFactory,
    GroupingFactory,
    SchoolFactory,
    UserFactory,
)
from tests.importing import accept, held

pytestmark = pytest.mark.django_db

HEADER = (
    "Identifiant_de_l_etablissement;Nom_etablissement;Statut_public_prive;Adresse_1;Code_postal;"
    "Code_commune;Nom_commune;Code_departement;Telephone;Mail;Nombre_d_eleves;date_ouverture;"
    "etat;code_nature"
)
BOUISSINET = {
    "uai": "0341255E",
    "name": "Ecole élémentaire Pierre Bouissinet",
    "sector": "Public",
    "address": "61 boulevard des Ecoles",
    "postcode": "34750",
    "commune": "34337",
    "commune_name": "Villeneuve-lès-Maguelone",
    "department": "034",
    "phone": "0467694400",
    "email": "ce.0341255E@ac-montpellier.fr",
    "pupils": "259",
    "opened": "1971-06-16",
    "state": "OUVERT",
    "nature": "151",
}


def row(**values):
    return ";".join((BOUISSINET | values).values())


def csv(*rows, header=HEADER):
    return "\n".join([header, *rows, ""]).encode()


def code(number):
    digits = f"{number:07d}"
    return digits + uai.key(digits)


def counts(report):
    return (len(report.created), len(report.changed), report.unchanged, len(report.refused))


@pytest.fixture(autouse=True)
def villeneuve():
    commune = CommuneFactory(code="34337", name="Villeneuve-lès-Maguelone")
    return CollectivityFactory(commune=commune)


@pytest.fixture
def lozere():
    """Mende and its collectivity, in another département."""
    department = DepartmentFactory(code="48", name="Lozère", of_name="de la Lozère")
    commune = CommuneFactory(code="48095", name="Mende", department=department)
    return CollectivityFactory(commune=commune)


def test_a_school_is_created_with_its_commune_as_payer(villeneuve):
    assert counts(import_schools(csv(row()))) == (1, 0, 0, 0)
    school = School.objects.get()
    assert (school.uai, school.name) == ("0341255E", "Ecole élémentaire Pierre Bouissinet")
    assert (school.commune, school.payer) == (villeneuve.commune, villeneuve)
    assert (school.pupils, school.opened_on) == (259, datetime.date(1971, 6, 16))
    assert school.search_text.startswith("ecole elementaire pierre bouissinet villeneuve")


def test_importing_the_same_file_again_changes_nothing():
    import_schools(csv(row()))
    assert counts(import_schools(csv(row()))) == (0, 0, 1, 0)
    assert School.history.count() == 1


def test_a_dry_run_says_what_would_change_and_writes_nothing():
    assert counts(import_schools(csv(row()), dry_run=True)) == (1, 0, 0, 0)
    assert not School.objects.exists()


def test_a_change_is_told_and_kept_in_the_history():
    agent = UserFactory()
    import_schools(csv(row()), by=agent)
    report = import_schools(csv(row(name="Ecole  Pierre Bouissinet ", state="A FERMER")), by=agent)
    school = School.objects.get()
    assert (school.name, school.state) == ("Ecole Pierre Bouissinet", School.State.TO_CLOSE)
    assert report.changed[0].details == (
        "nom : Ecole élémentaire Pierre Bouissinet → Ecole Pierre Bouissinet",
        "fermeture annoncée : ouverte → à fermer",
    )
    assert school.history.first().history_user == agent


@pytest.mark.parametrize(
    "header",
    [
        "Code établissement;Appellation officielle;Secteur public privé;Adresse;Code postal;"
        "Code commune;Commune;Code département;Téléphone;Courriel;Effectif;Date d'ouverture;"
        "Etat établissement;Nature UAI",
        "numero_uai;appellation_officielle;secteur_public_prive_libe;adresse_uai;code_postal_uai;"
        "code_commune;libelle_commune;code_departement;telephone;mel_uai;nombre_d_eleves;"
        "date_ouverture;etat_etablissement_libe;nature_uai",
        HEADER.upper().replace("_", " "),
    ],
)
def test_every_variant_of_the_headers_is_understood(header):
    import_schools(csv(row(), header=header))
    school = School.objects.get()
    assert school.email == "ce.0341255E@ac-montpellier.fr"
    assert (school.pupils, school.address_line) == (259, "61 boulevard des Ecoles")


@pytest.mark.parametrize("department", ["034", "34", ""])
def test_a_departement_is_read_on_two_or_three_characters(department):
    assert len(import_schools(csv(row(department=department))).created) == 1


@pytest.mark.parametrize("date", ["1971-06-16", "16/06/1971"])
def test_a_date_is_read_as_published_or_as_a_spreadsheet_rewrote_it(date):
    import_schools(csv(row(opened=date)))
    assert School.objects.get().opened_on == datetime.date(1971, 6, 16)


@pytest.mark.parametrize("nature", ["101", "103", "151", "152", "153", "162"])
def test_public_primary_schools_are_taken(nature):
    import_schools(csv(row(nature=nature)))
    assert School.objects.get().nature == nature


@pytest.mark.parametrize(
    "values",
    [
        {"nature": "340"},
        {"nature": "300"},
        {"sector": "Privé"},
        {"department": "013", "commune": "13055"},
        {"state": "A OUVRIR"},
        {"state": "FERME"},
    ],
)
def test_the_others_are_counted_and_left_out_without_being_refused(values):
    report = import_schools(csv(row(**values)))
    assert report.ignored.total() == 1
    assert not report.refused
    assert not School.objects.exists()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"uai": "0341255F"}, "lettre finale"),
        ({"uai": "2,17003E+13"}, "tableur"),
        ({"uai": ""}, "code UAI"),
        ({"commune": "34999"}, "commune 34999 inconnue (Villeneuve-lès-Maguelone)"),
        ({"commune": ""}, "sans code"),
        ({"state": "PEUT-ETRE"}, "PEUT-ETRE"),
        ({"sector": "Mixte"}, "Mixte"),
        ({"name": ""}, "nom"),
        ({"name": "E" * 201}, "200"),
    ],
)
def test_a_wrong_row_is_refused_alone_with_its_line_and_reason(values, reason):
    report = import_schools(csv(row(uai="0342026T"), row(**values)))
    assert counts(report) == (1, 0, 0, 1)
    assert report.refused[0].line == 3
    assert reason in report.refused[0].reason


def test_an_unreadable_detail_is_told_and_does_not_refuse_the_school():
    report = import_schools(csv(row(email="pas une adresse", pupils="beaucoup")))
    school = School.objects.get()
    assert (school.email, school.pupils) == ("", None)
    assert [remark.line for remark in report.remarks] == [2, 2]
    assert "pas une adresse" in report.remarks[0].reason


def test_a_school_twice_in_a_file_is_taken_once_and_both_lines_are_told():
    report = import_schools(csv(row(), row(name="Autre")))
    assert report.refused[0].line == 3
    assert "ligne 2" in report.refused[0].reason
    assert School.objects.get().name == "Ecole élémentaire Pierre Bouissinet"


def test_a_former_code_leads_to_the_commune_that_took_it_in(villeneuve):
    FormerCode.objects.create(code="34998", commune=villeneuve.commune)
    import_schools(csv(row(commune="34998")))
    assert School.objects.get().commune == villeneuve.commune


def test_a_school_that_moves_takes_its_new_commune_as_payer():
    import_schools(csv(row()))
    agde = CollectivityFactory(commune=CommuneFactory(code="34003", name="Agde"))
    report = import_schools(csv(row(commune="34003")))
    assert School.objects.get().payer == agde
    assert "commune : Villeneuve-lès-Maguelone (34337) → Agde (34003)" in str(report.changed[0])


def test_a_regroupement_goes_on_paying_for_a_school_that_moves():
    import_schools(csv(row()))
    syndicat = GroupingFactory(members=[School.objects.get().commune])
    take_over(School.objects.all(), syndicat, datetime.date(2020, 9, 1), by=None)
    CollectivityFactory(commune=CommuneFactory(code="34003", name="Agde"))
    import_schools(csv(row(commune="34003")))
    assert School.objects.get().payer == syndicat
    assert counts(import_schools(csv(row(commune="34003")))) == (0, 0, 1, 0)


def test_a_renamed_commune_is_found_by_its_new_name_at_the_next_import(villeneuve):
    import_schools(csv(row()))
    villeneuve.commune.name = "Maguelone"
    villeneuve.commune.save()
    assert counts(import_schools(csv(row()))) == (0, 0, 1, 0)
    assert "maguelone" in School.objects.get().search_text


def test_schools_wait_for_their_communes(villeneuve):
    villeneuve.delete()
    villeneuve.commune.delete()
    with pytest.raises(UnreadableFile, match="importez d'abord les communes"):
        import_schools(csv(row()))


def many(payer, count, first=348000):
    return [SchoolFactory(payer=payer, uai=code(first + n), search_text="") for n in range(count)]


def rows_of(schools):
    return [
        row(
            uai=school.uai,
            commune=school.commune.code,
            department=school.commune.department.code,
        )
        for school in schools
    ]


def test_a_school_absent_from_the_file_is_proposed_for_closure_and_stays_open(villeneuve):
    schools = many(villeneuve, 40)
    report = import_schools(csv(*rows_of(schools[1:])))
    absent = School.objects.get(uai=schools[0].uai)
    assert absent.state == School.State.OPEN
    assert absent.closure_proposed_on == timezone.localdate()
    assert [closure.identifier for closure in report.closures] == [absent.uai]
    assert absent.history.first().closure_proposed_on


def test_a_school_closed_in_the_file_is_proposed_too(villeneuve):
    schools = many(villeneuve, 40)
    closed = rows_of(schools[:1])[0].replace("OUVERT", "FERMÉ")
    import_schools(csv(closed, *rows_of(schools[1:])))
    school = School.objects.get(uai=schools[0].uai)
    assert school.state == School.State.OPEN
    assert school.closure_proposed_on


def test_a_closure_already_proposed_is_not_proposed_again(villeneuve):
    schools = many(villeneuve, 40)
    accept(import_schools, csv(*rows_of(schools[1:])))
    report = import_schools(csv(*rows_of(schools[1:])))
    assert report.changes_nothing


def test_a_school_that_reappears_is_no_longer_proposed_for_closure(villeneuve):
    schools = many(villeneuve, 40)
    import_schools(csv(*rows_of(schools[1:])))
    import_schools(csv(*rows_of(schools)))
    assert not School.objects.filter(closure_proposed_on__isnull=False).exists()


def test_a_refused_row_does_not_make_its_school_absent(villeneuve):
    schools = many(villeneuve, 40)
    refused = rows_of(schools[:1])[0].replace("OUVERT", "PEUT-ETRE")
    report = import_schools(csv(refused, *rows_of(schools[1:])))
    assert not report.closures


def test_a_file_never_closes_schools_of_a_departement_that_it_does_not_cover(villeneuve, lozere):
    many(villeneuve, 5)
    mende = many(lozere, 3, first=489000)
    report = import_schools(csv(*rows_of(mende)))
    assert not report.closures


def test_closures_of_more_than_five_percent_are_held_back_and_the_rest_is_written(villeneuve):
    schools = many(villeneuve, 40)
    report = import_schools(csv(row(), *rows_of(schools[3:])))
    assert held(report)["closure"] == (
        "Le fichier est sans doute partiel, plus de 5 % des écoles y manquent. "
        "Hérault (34) : 3 sur 40."
    )
    assert School.objects.filter(uai="0341255E").exists()
    assert report.closures == []
    assert not School.objects.filter(closure_proposed_on__isnull=False).exists()


def test_five_percent_exactly_is_proposed(villeneuve):
    schools = many(villeneuve, 40)
    report = import_schools(csv(*rows_of(schools[2:])))
    assert "closure" not in held(report)
    assert len(report.closures) == 2


def test_closures_that_are_ticked_are_proposed_whatever_their_number(villeneuve):
    schools = many(villeneuve, 10)
    report = accept(import_schools, csv(*rows_of(schools[5:])), "closure")
    assert len(report.closures) == 5
    assert School.objects.filter(closure_proposed_on__isnull=False).count() == 5


def test_in_a_partial_file_absence_says_nothing(villeneuve):
    schools = many(villeneuve, 10)
    report = import_schools(csv(*rows_of(schools[5:])), partial=True)
    assert "closure" not in {kind.key for kind in report.kinds}


def test_the_number_of_queries_does_not_grow_with_the_file(django_assert_max_num_queries):
    def lines(count):
        return [row(uai=code(348000 + n), name=f"École {count} {n}") for n in range(count)]

    with django_assert_max_num_queries(16):
        import_schools(csv(*lines(5)))
    with django_assert_max_num_queries(16):
        import_schools(csv(*lines(60)))


def test_the_command_prints_refused_rows_without_failing(tmp_path, capsys):
    file = tmp_path / "ecoles.csv"
    file.write_bytes(csv(row(uai="0341255F")))
    call_command("import_schools", file)
    assert "ligne 2 refusée (0341255F)" in capsys.readouterr().out


def test_the_command_holds_mass_closures_back_unless_they_are_accepted(tmp_path, villeneuve):
    schools = many(villeneuve, 10)
    file = tmp_path / "ecoles.csv"
    file.write_bytes(csv(row(), *rows_of(schools[5:])))
    with pytest.raises(CommandError, match="--accept closure"):
        call_command("import_schools", file)
    assert School.objects.filter(uai="0341255E").exists()
    with pytest.raises(CommandError, match="--accept"):  # Names are held back as well.
        call_command("import_schools", file, accept=["closure"])
    assert School.objects.filter(closure_proposed_on__isnull=False).count() == 5


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"a;b\n1;2\n"])
def test_the_command_fails_on_an_unreadable_file(tmp_path, content):
    file = tmp_path / "ecoles.csv"
    file.write_bytes(content)
    with pytest.raises(CommandError):
        call_command("import_schools", file)


def test_a_school_that_no_file_ever_had_is_not_missing_from_one(villeneuve):
    schools = many(villeneuve, 40)
    entered = SchoolFactory(payer=villeneuve, listed_since=None)
    assert import_schools(csv(*rows_of(schools))).closures == []
    import_schools(csv(*rows_of([*schools, entered])))
    assert School.objects.get(uai=entered.uai).listed_since == timezone.localdate()
    (closure,) = import_schools(csv(*rows_of(schools))).closures
    assert closure.identifier == entered.uai


def test_a_file_saved_by_a_spreadsheet_overwrites_no_telephone():
    """Its numbers lost their first zero, and a count gained decimals."""
    import_schools(csv(row()))
    saved = csv(row(phone="467694400", department="34", opened="16/06/1971", pupils="259.0"))
    assert counts(import_schools(saved)) == (0, 0, 1, 0)
    assert School.objects.get().phone == "0467694400"


def test_a_telephone_without_its_zero_gets_it_back_on_a_new_school():
    import_schools(csv(row(phone="467694400")))
    assert School.objects.get().phone == "0467694400"


def test_a_telephone_only_written_otherwise_is_no_change():
    import_schools(csv(row()))
    assert counts(import_schools(csv(row(phone="04 67 69 44 00")))) == (0, 0, 1, 0)


def test_a_code_that_lost_its_zero_is_the_school_and_its_column_may_be_named_rne():
    import_schools(csv(row()))
    header = HEADER.replace("Identifiant_de_l_etablissement", "RNE")
    assert counts(import_schools(csv(row(uai="341255E"), header=header))) == (0, 0, 1, 0)


# --- Kind by kind ------------------------------------------------------------


def as_they_are(schools, **values):
    return [
        row(
            uai=s.uai,
            name=s.name,
            phone=s.phone,
            email=s.email,
            postcode=s.postcode,
            address=s.address_line,
            pupils=str(s.pupils or ""),
            opened="",
            **values,
        )
        for s in schools
    ]


@pytest.fixture
def known(villeneuve):
    """Forty schools of Villeneuve, as a first import made them."""
    lines = [
        row(uai=code(348000 + n), name=f"École {n}", phone=f"04670000{n:02}") for n in range(40)
    ]
    report = import_schools(csv(*lines))
    assert (len(report.created), held(report)) == (40, {})
    return list(School.objects.order_by("uai"))


def test_a_kind_of_change_that_touches_more_than_five_percent_is_held_back(known):
    for school in known[:5]:
        school.phone = "0499000000"
    known[7].name = "École Rosa Parks"
    report = import_schools(csv(*as_they_are(known)))
    assert [(kind.key, kind.count, kind.is_accepted) for kind in report.kinds] == [
        ("phone", 5, False),
        ("name", 1, True),
    ]
    assert held(report) == {"phone": "12 % des lignes changeraient de la même façon."}
    assert not School.objects.filter(phone="0499000000").exists()
    assert School.objects.filter(name="École Rosa Parks").count() == 1
    assert [change.fields for change in report.changed] == [frozenset({"name"})]


def test_what_is_held_back_is_written_once_it_is_ticked(known):
    for school in known:
        school.phone = "0499000000"
    content = csv(*as_they_are(known))
    assert len(accept(import_schools, content, "phone").changed) == 40
    assert School.objects.filter(phone="0499000000").count() == 40
    assert import_schools(content).changes_nothing


def test_texts_that_get_shorter_in_series_are_held_back_whatever_their_share(villeneuve):
    lines = [row(uai=code(348000 + n), name=f"École numéro {n}") for n in range(200)]
    import_schools(csv(*lines))
    shorter = [line.replace("École numéro", "École") for line in lines[:6]]
    report = import_schools(csv(*shorter, *lines[6:]))
    assert held(report) == {"name": "La plupart de ces textes perdraient des caractères."}


def test_a_value_where_there_was_none_takes_nothing_away_and_is_written(known):
    content = csv(*as_they_are(known))
    School.objects.update(email="")
    report = import_schools(content)
    assert [(kind.key, kind.count, kind.held) for kind in report.kinds] == [("email_added", 40, "")]


def test_each_kind_has_examples_of_what_was_and_what_comes(known):
    known[0].name = "École Rosa Parks"
    (kind,) = import_schools(csv(*as_they_are(known)), dry_run=True).kinds
    (example,) = kind.examples
    assert (example.identifier, example.before, example.after) == (
        known[0].uai,
        "École 0",
        "École Rosa Parks",
    )


def test_what_was_shown_is_what_is_written_or_nothing_is(known):
    """Somebody renamed a school between the preview and its confirmation."""
    known[0].name = "École Rosa Parks"
    content = csv(*as_they_are(known))
    tokens = [kind.token for kind in import_schools(content, dry_run=True).kinds]
    School.objects.filter(pk=known[0].pk).update(name="École Simone Veil")
    report = import_schools(content, accepted=tokens)
    assert report.is_stale
    assert School.objects.get(pk=known[0].pk).name == "École Simone Veil"


def test_a_change_of_another_kind_does_not_undo_what_was_ticked(known):
    known[0].name, known[1].phone = "École Rosa Parks", "0499000000"
    content = csv(*as_they_are(known))
    kinds = import_schools(content, dry_run=True).kinds
    School.objects.filter(pk=known[1].pk).update(phone="0488000000")
    report = import_schools(content, accepted=[k.token for k in kinds if k.key == "name"])
    assert not report.is_stale
    assert [kind.key for kind in report.left_out] == ["phone"]
    assert School.objects.get(pk=known[1].pk).phone == "0488000000"


def test_new_schools_that_are_not_ticked_are_not_created(known):
    content = csv(row(), *as_they_are(known))
    report = import_schools(content, accepted=[])
    assert report.created == []
    assert School.objects.count() == 40


@pytest.mark.parametrize(
    ("before", "state", "kind"),
    [
        (School.State.OPEN, "A FERMER", "fermeture annoncée"),
        (School.State.TO_CLOSE, "OUVERT", "école de nouveau ouverte"),
        (School.State.CLOSED, "OUVERT", "école de nouveau ouverte"),
    ],
)
def test_a_change_of_state_is_called_by_what_it_comes_to(before, state, kind):
    import_schools(csv(row()))
    School.objects.update(state=before)
    assert [k.label for k in import_schools(csv(row(state=state))).kinds] == [kind]


def test_a_move_is_one_change_with_its_payer(known, villeneuve):
    CollectivityFactory(commune=CommuneFactory(code="34003", name="Agde"))
    content = csv(*as_they_are(known[:1], commune="34003"), *as_they_are(known[1:]))
    (kind,) = import_schools(content, accepted=[]).kinds
    assert (kind.key, kind.count) == ("commune", 1)
    assert School.objects.get(pk=known[0].pk).payer == villeneuve


PLACED = HEADER + ";latitude;longitude"


def placed(latitude, longitude):
    return csv(f"{row()};{latitude};{longitude}", header=PLACED)


class TestWhereASchoolStands:
    def test_it_is_kept_to_the_metre_whatever_the_decimal_point(self, villeneuve):
        import_schools(placed("43.53258391648171", "3,862119636186401"))
        school = School.objects.get()
        assert (school.latitude, school.longitude) == (43.53258, 3.86212)

    def test_it_moves_without_a_line_in_the_report_or_in_the_history(self, villeneuve):
        import_schools(csv(row()))
        report = import_schools(placed("43.5", "3.8"))
        assert (len(report.changed), report.unchanged) == (0, 1)
        school = School.objects.get()
        assert (school.latitude, school.longitude, school.history.count()) == (43.5, 3.8, 1)

    def test_a_file_without_it_takes_nothing_away(self, villeneuve):
        import_schools(placed("43.5", "3.8"))
        import_schools(csv(row(name="Autrement")))
        assert School.objects.get().latitude == 43.5

    @pytest.mark.parametrize(
        ("latitude", "longitude"),
        [("", "3.8"), ("0", "0.0"), ("nan", "3.8"), ("4353258", "3.8"), ("Numéro de rue", "3.8")],
    )
    def test_what_cannot_be_right_is_left_out_and_the_school_is_taken(
        self, villeneuve, latitude, longitude
    ):
        report = import_schools(placed(latitude, longitude))
        assert (len(report.created), len(report.refused)) == (1, 0)
        school = School.objects.get()
        assert (school.latitude, school.longitude) == (None, None)


def test_what_a_spreadsheet_has_shortened_is_left_aside_and_told():
    import_schools(csv(row()))
    report = import_schools(csv(row(phone="4,67E+08", pupils="260")))
    school = School.objects.get()
    assert (school.phone, school.pupils) == ("0467694400", 260)
    assert "téléphone « 4,67E+08 »" in report.remarks[0].reason


def test_codes_and_counts_written_as_amounts_are_read():
    import_schools(csv(row(nature="151,00", pupils="259,00", commune="34337,00")))
    assert School.objects.get().pupils == 259
