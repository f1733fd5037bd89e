"""Import of the numbers of pupils and classes, by UAI code, from a file that has nothing else.

As data.gouv.fr publishes it (« Effectifs et nombre de classes des écoles »): one row for each
school and each rentrée, often several years in one file, often the whole country.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, NamedTuple

from django.db import transaction

from accounts.models import User
from communes.importing import (
    RefusedRow,
    clean,
    departments_for_import,
    differences,
    save_rows,
    write_edits,
)
from schools import uai as uai_code
from schools.models import School
from tabular import reading
from tabular.kinds import Edit, Kinds
from tabular.reading import Change, Column, Refusal, Report, Row

COLUMNS = (
    Column(
        "uai",
        (
            "numero_ecole",
            "numero_de_l_ecole",
            "numero_uai",
            "code_uai",
            "uai",
            "rne",
        ),
        required=True,
    ),
    Column(
        "pupils",
        (
            "nombre_total_eleves",
            "nombre_total_d_eleves",
            "nombre_d_eleves",
            "nombre_eleves",
            "effectif_total",
            "effectif",
            "eleves",
        ),
        required=True,
    ),
    Column(
        "classes",
        (
            "nombre_total_classes",
            "nombre_total_de_classes",
            "nombre_de_classes",
            "nombre_classes",
            "nb_classes",
            "classes",
        ),
    ),
    Column("year", ("rentree_scolaire", "rentree", "annee_scolaire", "annee")),
)
COUNTS = ("pupils", "classes")
_FIELDS = (*COUNTS, "counted_in")
# "2025", "2025-2026", "Rentrée 2025".
_YEAR = re.compile(r"\b(20\d\d)\b")
UNKNOWN = "école qui n'est pas enregistrée ici"


class _Counted(NamedTuple):
    """The row of a school and its rentrée, 0 in a file that tells none."""

    row: Row
    year: int


def import_headcounts(
    content: bytes,
    *,
    by: User | None = None,
    dry_run: bool = False,
    accepted: Collection[str] | None = None,
) -> Report:
    """Give schools their numbers of pupils and classes, of the latest rentrée that a file has.

    Each school takes its own latest one; what is older than what it has changes nothing. Schools
    that are not known are ignored: none is created, and absence says nothing.

    Only the kinds of change in `accepted` (tokens of `Report.kinds`) are written; without it,
    those that nothing holds back. `by` signs the history; with `dry_run` nothing is written.
    Raises reading.UnreadableFile.
    """
    table = reading.read(content, COLUMNS)
    with nullcontext() if dry_run else transaction.atomic():
        run = _HeadcountImport(dry_run, accepted)
        run.report.refused += table.refused
        for row in table.rows:
            run.read(row)
        run.compare()
        run.settle()
        if not dry_run and not run.report.is_stale:
            run.write(by)
    return run.report


class _HeadcountImport:
    """One run: reads all schools once, keeps the latest row of each, writes in bulk."""

    def __init__(self, dry_run: bool, accepted: Collection[str] | None) -> None:
        self.report = Report(dry_run=dry_run)
        self.kinds = Kinds(accepted)
        departments_for_import(dry_run)  # Locked, so that imports take turns.
        self.schools = {row.uai: row for row in School.objects.select_related("commune")}
        self.latest: dict[str, _Counted] = {}
        self.compared: list[tuple[School, list[Edit]]] = []
        self.changed: list[School] = []

    def read(self, row: Row) -> None:
        """Keep the row if it is of a known school, and later than what was read of it."""
        try:
            code = uai_code.parse(row["uai"])
            if code not in self.schools:
                self.report.ignored[UNKNOWN] += 1
                return
            counted = _Counted(row, _year(row))
            known = self.latest.get(code)
            if known and known.year == counted.year:
                raise RefusedRow(f"école déjà présente à la ligne {known.row.line}, seule retenue")
        except (RefusedRow, uai_code.InvalidUAI) as error:
            self._refuse(row, error)
            return
        if known:
            older = min(known, counted, key=lambda each: each.year)
            self.report.ignored[f"rentrée {older.year}, la même école en a une plus récente"] += 1
        if known is None or counted.year > known.year:
            self.latest[code] = counted

    def compare(self) -> None:
        for code, counted in self.latest.items():
            school = self.schools[code]
            if (school.counted_in or 0) > counted.year:
                known = f"rentrée {school.counted_in}"
                self.report.ignored[f"moins récentes que ce qui est connu ({known})"] += 1
                continue
            try:
                values = _values(counted)
            except RefusedRow as error:
                self._refuse(counted.row, error)
                continue
            edits = list(_named(differences(school, values), counted.year))
            self.compared.append((school, edits))
            self.kinds.propose(code, f"{school.name}, {school.commune.name}", edits)
            if not edits:
                self.report.unchanged += 1
        self.report.refused.sort(key=lambda refusal: refusal.line)

    def _refuse(self, row: Row, error: ValueError) -> None:
        self.report.refused.append(Refusal(row.line, row["uai"][:40], str(error)))

    def settle(self) -> None:
        """Learn which kinds of change are accepted; in a preview, all are looked at."""
        self.report.kinds = self.kinds.settle(known=len(self.compared))
        self.report.is_stale = self.kinds.is_stale
        for school, proposed in self.compared:
            edits = [
                edit for edit in proposed if self.report.dry_run or self.kinds.accepts(edit.kind)
            ]
            if edits:
                write_edits(school, edits)
                self.changed.append(school)
                name = f"{school.name}, {school.commune.name}"
                self.report.changed.append(Change(school.uai, name, tuple(map(str, edits))))

    def write(self, by: User | None) -> None:
        save_rows(
            School, [], self.changed, _FIELDS, by=by, reason="Import des effectifs des écoles"
        )


def _year(row: Row) -> int:
    found = _YEAR.search(row["year"])
    if row["year"] and not found:
        raise RefusedRow(f"rentrée « {row['year']} » inconnue : une année est attendue")
    return int(found[1]) if found else 0


def _values(counted: _Counted) -> dict[str, Any]:
    """The row's values by field of School; an empty cell says nothing."""
    texts = {name: counted.row[name].replace(" ", "") for name in COUNTS}
    values = {name: clean(School, name, text) for name, text in texts.items() if text}
    return values | {"counted_in": counted.year or None} if values else {}


def _named(edits: list[Edit], year: int) -> Iterator[Edit]:
    """The edits with the rentrée that they are of, which is written with the first of them."""
    first = edits[0].kind if edits else ""
    for edit in edits:
        if edit.field == "counted_in":
            yield replace(edit, kind=first, loses=False, is_harmless=True)
        else:
            yield replace(edit, after=f"{edit.value} (rentrée {year})") if year else edit
