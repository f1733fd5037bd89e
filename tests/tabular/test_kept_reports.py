"""A report of an import is kept as it was said, and opens whatever became of the code since."""

from collections import Counter
from importlib import import_module

import pytest
from django.apps import apps
from django.urls import reverse

from tabular.kinds import Example, Kind
from tabular.models import ImportReport
from tabular.reading import Change, Refusal, Report
from tabular.saying import said

# The first form, kept by sites: what changes it takes another version, and a migration.
KEPT = {
    "version": 1,
    "counts": [
        ["créée", 0],
        ["modifiée", 1],
        ["inchangées", 7],
        ["fermeture proposée", 1],
        ["fusion", 1],
        ["dont complétées", 2],
        ["ligne refusée", 1],
        ["lignes ignorées", 4],
    ],
    "ignored": [["collège", 3], ["autre", 1]],
    "kinds": [
        {
            "label": "nom",
            "token": "name-12ab",
            "is_accepted": False,
            "held": "12 % des lignes changeraient de la même façon.",
            "heading": "Exemples : nom",
            "columns": ["Code", "Nom", "Avant", "Après"],
            "count": 300,
            "rows": [["0341255E", "Bouissinet", "Bouissinet", "BOUISSINET"]],
        }
    ],
    "tables": [
        {
            "heading": "Lignes refusées",
            "columns": ["Ligne", "Identifiant", "Raison"],
            "count": 1,
            "rows": [["12", "0340001X", "La lettre finale ne va pas."]],
        },
        {
            "heading": "À savoir",
            "columns": ["Ligne", "Identifiant", "Raison"],
            "count": 1,
            "rows": [["13", "0342026F", "Téléphone illisible."]],
        },
        {
            "heading": "Fusions",
            "columns": ["Code", "Nom", "Détail"],
            "count": 1,
            "rows": [["34001", "Abeilhan", ""]],
        },
        {
            "heading": "Fermetures proposées",
            "columns": ["Code", "Nom", "Détail"],
            "count": 1,
            "rows": [["0349999Z", "Vieille école", ""]],
        },
        {
            "heading": "Modifications",
            "columns": ["Code", "Nom", "Détail"],
            "count": 1,
            "rows": [["0342026F", "Dolto", "nom : Dolto → Françoise Dolto\ncommune : 34337"]],
        },
    ],
    "concerned": {
        "merged": ["34001"],
        "closed": ["0349999Z"],
        "given_another_payer": [],
        "renamed_or_moved": ["0342026F"],
    },
}
# The same, as it was kept before: by the fields of the classes of its day.
KEPT_BEFORE = {
    "dry_run": False,
    "created": [],
    "changed": [
        {
            "identifier": "0342026F",
            "label": "Dolto",
            "details": ["nom : Dolto → Françoise Dolto", "commune : 34337"],
            "fields": ["commune", "name"],
        }
    ],
    "unchanged": 7,
    "completed": 2,
    "closures": [{"identifier": "0349999Z", "label": "Vieille école", "details": [], "fields": []}],
    "mergers": [
        {"identifier": "34001", "label": "Abeilhan", "details": [], "fields": ["merged_into"]}
    ],
    "refused": [{"line": 12, "identifier": "0340001X", "reason": "La lettre finale ne va pas."}],
    "remarks": [{"line": 13, "identifier": "0342026F", "reason": "Téléphone illisible."}],
    "ignored": {"autre": 1, "collège": 3},
    "kinds": [
        {
            "key": "name",
            "label": "nom",
            "count": 300,
            "token": "name-12ab",
            "examples": [
                {
                    "identifier": "0341255E",
                    "name": "Bouissinet",
                    "before": "Bouissinet",
                    "after": "BOUISSINET",
                }
            ],
            "held": "12 % des lignes changeraient de la même façon.",
            "is_accepted": False,
        }
    ],
    "is_stale": False,
}


def test_what_is_said_has_the_form_that_is_kept():
    report = Report(
        changed=[Change("0342026F", "Dolto", ("nom : Dolto → Françoise Dolto", "commune : 34337"))],
        unchanged=7,
        completed=2,
        closures=[Change("0349999Z", "Vieille école")],
        mergers=[Change("34001", "Abeilhan")],
        refused=[Refusal(12, "0340001X", "La lettre finale ne va pas.")],
        remarks=[Refusal(13, "0342026F", "Téléphone illisible.")],
        ignored=Counter({"autre": 1, "collège": 3}),
        kinds=[
            Kind(
                "name",
                "nom",
                300,
                "name-12ab",
                (Example("0341255E", "Bouissinet", "Bouissinet", "BOUISSINET"),),
                "12 % des lignes changeraient de la même façon.",
            )
        ],
    )
    assert said(report, KEPT["concerned"]) == KEPT


def test_the_first_rows_of_many_are_kept_with_their_number():
    report = Report(created=[Change(str(number), "École") for number in range(201)])
    (table,) = said(report, {})["tables"]
    assert (table["count"], len(table["rows"])) == (201, 200)


def test_a_preview_by_kinds_lists_no_other_change():
    kinds = [Kind("name", "nom", 1, "name-12ab", ())]
    changed = [Change("0342026F", "Dolto")]
    assert said(Report(dry_run=True, kinds=kinds, changed=changed), {})["tables"] == []
    assert said(Report(dry_run=True, changed=changed), {})["tables"]


@pytest.fixture
def kept(rectorat, request):
    return ImportReport.objects.create(
        of="schools.school", by=rectorat, file_name="annuaire.csv", content=request.param
    )


def migrate():
    import_module("tabular.migrations.0002_reports_as_they_were_said").say_reports(apps, None)


@pytest.mark.django_db
@pytest.mark.parametrize("kept", [KEPT_BEFORE, KEPT], ids=["before", "since"], indirect=True)
def test_a_report_kept_before_is_brought_to_the_form_and_one_kept_since_stays(kept):
    migrate()
    kept.refresh_from_db()
    assert kept.content == KEPT


@pytest.mark.django_db
@pytest.mark.parametrize("kept", [KEPT], indirect=True)
def test_a_kept_report_opens_on_what_was_said(client, rectorat, kept):
    client.force_login(rectorat)
    page = client.get(reverse("admin:schools_school_import_report", args=[kept.pk])).text
    for words in (
        "annuaire.csv",
        "3 ignorées",
        "La lettre finale ne va pas.",
        "Téléphone illisible.",
        "nom : Dolto → Françoise Dolto<br>commune : 34337",
        "Vieille école",
        "laissé tel quel",
    ):
        assert words in page.replace("\u00a0", " ").replace("\u202f", " "), words
