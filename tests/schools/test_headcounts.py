"""Pupils and classes, from a file that has nothing else."""

import pytest
from django.urls import reverse

from schools.files import import_file
from schools.headcounts import import_headcounts
from schools.models import School
from tabular.reading import UnreadableFile
from tests.factories import CollectivityFactory, CommuneFactory, SchoolFactory
from tests.importing import accept, confirm, held, upload

pytestmark = pytest.mark.django_db

# As data.gouv.fr publishes it: technical headers, then their labels.
HEADER = (
    "rentree_scolaire;academie;departement;commune;numero_ecole;denomination_principale;"
    "patronyme;secteur;nombre_total_classes;nombre_total_eleves"
)
LABELS = (
    "Rentrée scolaire;Académie;Département;Commune;Numéro de l'école;Dénomination principale;"
    "Patronyme;Secteur;Nombre total de classes;Nombre total d'élèves"
)


def row(uai="0341255E", classes="10", pupils="259", year="2025"):
    return f"{year};MONTPELLIER;HERAULT;VILLENEUVE;{uai};ECOLE;BOUISSINET;PUBLIC;{classes};{pupils}"


def csv(*rows, header=HEADER):
    return "\n".join([header, *rows, ""]).encode()


@pytest.fixture(autouse=True)
def bouissinet():
    payer = CollectivityFactory(commune=CommuneFactory(code="34337"))
    return SchoolFactory(uai="0341255E", payer=payer, pupils=240)


def counted():
    school = School.objects.get(uai="0341255E")
    return school.pupils, school.classes, school.counted_in


@pytest.mark.parametrize("header", [HEADER, LABELS])
def test_pupils_and_classes_are_taken_with_their_rentree(rectorat, header):
    report = import_headcounts(csv(row(), header=header), by=rectorat)
    assert counted() == (259, 10, 2025)
    assert report.changed[0].details[:2] == (
        "nombre d'élèves : 240 → 259 (rentrée 2025)",
        "nombre de classes (rien jusqu'ici) : 10 (rentrée 2025)",
    )
    version = School.objects.get(uai="0341255E").history.first()
    assert (version.classes, version.history_user) == (10, rectorat)
    assert import_headcounts(csv(row())).changes_nothing


def test_of_several_years_each_school_takes_its_latest(bouissinet):
    other = SchoolFactory(uai="0342026T")
    report = import_headcounts(
        csv(
            row(year="2024", pupils="250"),
            row(year="2025"),
            row(year="2023", pupils="100"),
            row(uai=other.uai, year="2024", pupils="80", classes="3"),
        )
    )
    assert counted() == (259, 10, 2025)
    other.refresh_from_db()
    assert (other.pupils, other.classes, other.counted_in) == (80, 3, 2024)
    shown = {each.after for kind in report.kinds for each in kind.examples}
    assert {"259 (rentrée 2025)", "80 (rentrée 2024)"} <= shown
    assert report.ignored == {
        "rentrée 2024, la même école en a une plus récente": 1,
        "rentrée 2023, la même école en a une plus récente": 1,
    }


def test_what_is_older_than_what_is_known_changes_nothing():
    import_headcounts(csv(row()))
    report = import_headcounts(csv(row(year="2024", pupils="100")))
    assert counted() == (259, 10, 2025)
    assert report.ignored == {"moins récentes que ce qui est connu (rentrée 2025)": 1}


def test_the_annuaire_which_tells_no_year_leaves_counted_pupils_alone():
    import_headcounts(csv(row()))
    annuaire = (
        "numero_uai;nom;secteur;code_nature;code_commune;nombre_d_eleves\n"
        "0341255E;École;Public;151;34337;12\n"
    )
    import_file(annuaire.encode(), partial=True)
    assert counted() == (259, 10, 2025)


def test_the_columns_tell_which_file_it_is():
    import_file(csv(row()), partial=True)
    assert counted() == (259, 10, 2025)
    with pytest.raises(UnreadableFile, match="Colonnes introuvables"):
        import_file(b"a;b\n1;2\n")


def test_a_list_without_rentree_is_taken_as_of_no_year():
    import_headcounts(b"UAI;Effectif;Nb classes\n341255E;259.0;10\n")
    assert counted() == (259, 10, None)


def test_schools_that_are_not_known_are_passed_over_and_none_is_created():
    report = import_headcounts(csv(row(uai="0342026T"), row()))
    assert report.ignored == {"école qui n'est pas enregistrée ici": 1}
    assert School.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"uai": "3,41255E+05"}, "tableur"),
        ({"pupils": "beaucoup"}, "nombre d'élèves « beaucoup »"),
        ({"pupils": "2,59E+02"}, "nombre d'élèves"),
        ({"classes": "-1"}, "nombre de classes"),
        ({"year": "hier"}, "rentrée « hier »"),
    ],
)
def test_a_wrong_row_is_refused_alone_with_its_line_and_reason(values, reason):
    other = SchoolFactory(uai="0342026T")
    report = import_headcounts(csv(row(**values), row(uai=other.uai)))
    assert [refusal.line for refusal in report.refused] == [2]
    assert reason in report.refused[0].reason
    other.refresh_from_db()
    assert other.counted_in == 2025


def test_a_school_twice_in_one_year_is_taken_once_and_told():
    report = import_headcounts(csv(row(), row(pupils="1")))
    assert counted() == (259, 10, 2025)
    assert "ligne 2" in report.refused[0].reason


def test_an_empty_cell_takes_nothing_away():
    import_headcounts(csv(row()))
    import_headcounts(csv(row(classes="", year="2026", pupils="260")))
    assert counted() == (260, 10, 2026)


def test_the_year_goes_with_the_numbers_that_are_ticked():
    content = csv(row())
    report = accept(import_headcounts, content, "pupils")
    assert [kind.key for kind in report.left_out] == ["classes_added"]
    assert counted() == (259, None, 2025)


def test_pupils_of_most_schools_are_held_back_until_they_are_ticked(client, rectorat):
    rows = [row()]
    for number in range(9):
        school = SchoolFactory(pupils=100)
        rows.append(row(uai=school.uai, pupils=str(101 + number)))
    client.force_login(rectorat)
    url = reverse("admin:schools_school_import")
    preview = upload(client, url, csv(*rows))
    assert set(held(preview.context["report"])) == {"pupils"}
    confirm(client, url, preview, "pupils")
    assert counted() == (259, 10, 2025)
    assert not School.objects.exclude(counted_in=2025).exists()


def test_the_number_of_queries_does_not_grow_with_the_file(django_assert_num_queries):
    schools = [SchoolFactory() for _ in range(30)]
    content = csv(*(row(uai=school.uai) for school in schools))
    with django_assert_num_queries(2):
        import_headcounts(csv(row()), dry_run=True)
    with django_assert_num_queries(2):
        import_headcounts(content, dry_run=True)


def test_the_page_of_a_school_shows_its_classes_and_their_rentree(client, rectorat, bouissinet):
    import_headcounts(csv(row()))
    client.force_login(rectorat)
    page = client.get(reverse("admin:schools_school_change", args=[bouissinet.pk]))
    form = page.context["adminform"].form
    assert (form.initial["classes"], form.initial["counted_in"]) == (10, 2025)
    assert "Nombre de classes" in page.text
