"""Reports kept as the fields of the import's classes become what their page says, in words.

As tabular/saying.py says it in its first version, copied: this stays as it is.
"""

from django.db import migrations

SHOWN = 200
# A list of the earlier form, and its heading.
CHANGES = {
    "mergers": "Fusions",
    "closures": "Fermetures proposées",
    "changed": "Modifications",
    "created": "Créations",
}


def said(kept: dict) -> dict:
    """Return a report of the earlier form as its page says it."""
    tables = [
        table(
            heading,
            ["Ligne", "Identifiant", "Raison"],
            [[str(each["line"]), each["identifier"], each["reason"]] for each in kept[name]],
        )
        for name, heading in (("refused", "Lignes refusées"), ("remarks", "À savoir"))
    ]
    tables += [
        table(
            heading,
            ["Code", "Nom", "Détail"],
            [[c["identifier"], c["label"], "\n".join(c["details"])] for c in kept[name]],
        )
        for name, heading in CHANGES.items()
    ]
    ignored = sorted(kept["ignored"].items(), key=lambda item: -item[1])
    return {
        "version": 1,
        "counts": counts(kept),
        "ignored": [list(item) for item in ignored],
        "kinds": [kind(each) for each in kept["kinds"]],
        "tables": [each for each in tables if each["count"]],
        "concerned": concerned(kept),
    }


def counts(kept: dict) -> list:
    found = [
        ["créée", len(kept["created"]), True],
        ["modifiée", len(kept["changed"]), True],
        ["inchangée", kept["unchanged"], True],
        ["fermeture proposée", len(kept["closures"]), False],
        ["fusion", len(kept["mergers"]), False],
        ["dont complétée", kept["completed"], False],
        ["ligne refusée", len(kept["refused"]), True],
        ["ligne ignorée", sum(kept["ignored"].values()), True],
    ]
    return [[agreed(label, count), count] for label, count, always in found if count or always]


def agreed(label: str, count: int) -> str:
    if count <= 1:
        return label
    return " ".join(word if word == "dont" else f"{word}s" for word in label.split())


def kind(kept: dict) -> dict:
    rows = [[e["identifier"], e["name"], e["before"], e["after"]] for e in kept["examples"]]
    columns = ["Code", "Nom", "Avant", "Après"]
    words = {name: kept[name] for name in ("label", "token", "is_accepted", "held")}
    return words | table(f"Exemples : {kept['label']}", columns, rows) | {"count": kept["count"]}


def table(heading: str, columns: list, rows: list) -> dict:
    return {"heading": heading, "columns": columns, "count": len(rows), "rows": rows[:SHOWN]}


def concerned(kept: dict) -> dict:
    """Return what the lists of communes and of schools look up; the others look nothing up."""
    payers = changing(kept["changed"], "payer")
    renamed = changing(kept["changed"], "name", "commune")
    return {
        "merged": changing(kept["mergers"], "merged_into"),
        "closed": [change["identifier"] for change in kept["closures"]],
        "given_another_payer": payers,
        "renamed_or_moved": [code for code in renamed if code not in set(payers)],
    }


def changing(changes: list, *fields: str) -> list:
    return [each["identifier"] for each in changes if set(each["fields"]) & set(fields)]


def say_reports(apps, schema_editor) -> None:
    reports = apps.get_model("tabular", "ImportReport").objects
    for key in reports.order_by("pk").values_list("pk", flat=True):
        report = reports.get(pk=key)
        if "version" not in report.content:
            report.content = said(report.content)
            report.save(update_fields=["content"])


class Migration(migrations.Migration):
    dependencies = [("tabular", "0001_import_reports")]
    operations = [migrations.RunPython(say_reports, migrations.RunPython.noop)]
