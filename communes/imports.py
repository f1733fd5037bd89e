"""Import of the communes: code officiel géographique, with SIREN, postcodes, EPCI."""

import re
from collections.abc import Callable, Collection
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, NamedTuple

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from communes import identifiers
from communes.importing import (
    BATCH,
    OUT_OF_REGION,
    RefusedRow,
    clean,
    departments_for_import,
    differences,
    refuse_scientific,
    restore_zeros,
    save_rows,
    write_edits,
)
from communes.models import Collectivity, Commune, Department, FormerCode
from tabular import reading
from tabular.kinds import HELD_ABOVE, SERIES, Edit, Kinds
from tabular.reading import Change, Column, Refusal, Report, Row

COLUMNS = (
    Column("code", ("code_insee", "codgeo", "com", "insee", "code_commune"), required=True),
    Column(
        "name", ("nom", "libelle", "libgeo", "nom_commune", "nom_com", "commune"), required=True
    ),
    Column("department", ("departement", "dep", "code_departement", "dep_com"), required=True),
    Column("siren", ("siren", "siren_commune", "numero_siren")),
    Column("kind", ("typecom",)),
    Column("parent", ("comparent",)),
    Column("postcodes", ("codes_postaux", "code_postal")),
    Column("population", ("population", "population_municipale", "pmun", "ptot")),
    Column("epci_siren", ("epci_siren", "siren_epci")),
    Column("epci_name", ("epci_nom", "nom_epci", "libelle_epci")),
    Column("former_codes", ("anciens_codes", "anciens_codes_insee")),
    Column("presumed_siret", ("siret_siege_presume",)),
    Column("verified_siret", ("siret_siege_verifie",)),
)
# TYPECOM of the code officiel géographique; COMA, COMD and ARM are parts of a commune.
COMMUNE = "COM"
ASSOCIATED, DELEGATED = "COMA", "COMD"
NOT_A_COMMUNE = "commune associée ou déléguée, ou arrondissement"
CREATED, RESTORED, MERGER = "created", "restored", "merger"
FORMER, NEW_FORMER = "former", "former_added"
_CREATED = Edit(CREATED, "nouvelle commune", is_harmless=True)
_OWN = Edit("own", "collectivité créée", is_harmless=True)
# What a collectivity takes from its commune.
_FOLLOWED = ("name", "department", "siren", "postcodes")


class _Compared(NamedTuple):
    """A commune that was known and what the file changes of it, and of its collectivity."""

    commune: Commune
    edits: list[Edit]
    collectivity: Collectivity | None
    its_edits: list[Edit]
    siret: str


def import_communes(
    content: bytes,
    *,
    by: AbstractBaseUser | None = None,
    dry_run: bool = False,
    accepted: Collection[str] | None = None,
) -> Report:
    """Create and update the communes of an official file, each with its own collectivity.

    The code officiel géographique has no SIREN, banatic's table has no more than it: a known
    commune keeps its own, a new one waits for banatic's. Associated and delegated communes
    (TYPECOM) are none: their codes become former codes that lead to their commune.

    What a town hall confirmed (SIRET, address, representative) and what an agent
    corrected on the collectivity's name is kept; SIRET, postcode and city are filled
    in where they are blank. A commune whose code became a former code of another is kept,
    and its collectivity is marked as merged into the other's, from today on: nothing of
    its history moves.

    Only the kinds of change in `accepted` (tokens of `Report.kinds`) are written; without it,
    those that nothing holds back. `by` signs the history. One transaction; importing the same
    file again changes nothing. With `dry_run` nothing is written.
    Raises reading.UnreadableFile.
    """
    table = reading.read(content, COLUMNS)
    with nullcontext() if dry_run else transaction.atomic():
        run = _CommuneImport(dry_run, accepted)
        run.read(table)
        run.find_mergers()
        run.find_former_codes()
        run.settle()
        if not dry_run and not run.report.is_stale:
            run.write(by)
    return run.report


class _CommuneImport:
    """One run: reads everything it compares with once, decides row by row, writes in bulk."""

    def __init__(self, dry_run: bool, accepted: Collection[str] | None) -> None:
        self.report = Report(dry_run=dry_run)
        self.kinds = Kinds(accepted)
        self.today = timezone.localdate()
        self.departments = departments_for_import(dry_run)
        self.communes = {row.code: row for row in Commune.objects.select_related("department")}
        self.collectivities = {
            row.commune_id: row
            for row in Collectivity.objects.filter(commune__isnull=False).select_related(
                "department"
            )
        }
        self.known_former = {row.code: row for row in FormerCode.objects.all()}
        self.new: dict[str, tuple[Commune, Collectivity]] = {}
        self.compared: list[_Compared] = []
        self.changed_communes: list[Commune] = []
        self.new_collectivities: list[Collectivity] = []
        self.changed_collectivities: list[Collectivity] = []
        self.merged: list[tuple[Collectivity, Commune | None]] = []
        self.parts: list[tuple[str, str]] = []  # Code of a part of a commune, the commune's.
        self.new_former: list[FormerCode] = []
        self.moved_former: list[tuple[FormerCode, Commune]] = []
        self.lines: dict[str, int] = {}
        self.former: dict[str, Commune] = {}  # Former code → the commune that took it in.

    def read(self, table: reading.Table) -> None:
        self.report.refused += table.refused
        for row in table.rows:
            try:
                self._take(row)
            except RefusedRow as error:
                self.report.refused.append(Refusal(row.line, row["code"][:40], str(error)))
        self.report.refused.sort(key=lambda refusal: refusal.line)
        for code, parent in self.parts:
            commune = self._living(parent)
            if commune and code != parent:
                self.former.setdefault(code, commune)

    def _living(self, code: str) -> Commune | None:
        return self.new[code][0] if code in self.new else self.communes.get(code)

    def find_mergers(self) -> None:
        """Find the known communes that the file shows as former codes of another, or restored.

        A collectivity leads straight to the one that stands for it today: when that one
        merges in turn, those merged into it before follow.
        """
        rows = self.collectivities.values()
        heirs: dict[int | None, Commune | None] = {
            row.pk: self.former.get(row.code) for row in rows if row.code not in self.lines
        }
        for row in rows:
            heir = heirs.get(row.merged_into_id) or heirs.get(row.pk)
            if row.code in self.lines:
                if row.merged_into_id:
                    self.merged.append((row, None))
                    self._note(RESTORED, "commune rétablie", row)
            elif heir and not self._stands_for(heir, row):
                self.merged.append((row, heir))
                self._note(MERGER, "fusion de communes", row, f"réunie à {heir}")
        count = sum(heir is not None for _, heir in self.merged)
        if count >= SERIES and count > len(rows) * HELD_ABOVE:
            self.kinds.hold(
                MERGER, f"{count} communes sur {len(rows)} disparaîtraient, plus de 5 %."
            )

    def find_former_codes(self) -> None:
        """Find the former codes that are not known, or lead to another commune."""
        for code, commune in self.former.items():
            known = self.known_former.get(code)
            if code in self.lines:
                continue
            if known is None:
                self.new_former.append(FormerCode(code=code, commune=commune))
                self._note_code(NEW_FORMER, "ancien code", code, commune)
            elif known.commune_id != commune.pk:
                self.moved_former.append((known, commune))
                self._note_code(FORMER, "ancien code qui mène ailleurs", code, commune)

    def _note(self, kind: str, label: str, row: Collectivity, said: str = "") -> None:
        self.kinds.propose(row.code, row.name, [Edit(kind, label, after=said, is_harmless=True)])

    def _note_code(self, kind: str, label: str, code: str, commune: Commune) -> None:
        edit = Edit(kind, label, after=str(commune), is_harmless=kind == NEW_FORMER)
        self.kinds.propose(code, commune.name, [edit])

    def _stands_for(self, commune: Commune, merged: Collectivity) -> bool:
        own = self.collectivities.get(commune.pk)
        return own is not None and own.pk in (merged.pk, merged.merged_into_id)

    def settle(self) -> None:
        """Learn which kinds of change are accepted; in a preview, all are looked at."""
        self.report.kinds = self.kinds.settle(known=len(self.compared))
        self.report.is_stale = self.kinds.is_stale
        if not self._accepts(CREATED):
            self.new = {}
        self.report.created = [Change(code, new.name) for code, (new, _) in self.new.items()]
        for compared in self.compared:
            self._apply(compared)
        self.merged = [
            (row, heir)
            for row, heir in self.merged
            if self._accepts(MERGER if heir else RESTORED) and self._is_kept(heir)
        ]
        self.report.mergers = [
            Change(row.code, row.name, (f"réunie à {heir}",), frozenset({"merged_into"}))
            if heir
            else Change(row.code, row.name, ("commune rétablie",))
            for row, heir in self.merged
        ]

    def _accepts(self, kind: str) -> bool:
        return self.report.dry_run or self.kinds.accepts(kind)

    def _is_kept(self, commune: Commune | None) -> bool:
        """Tell whether a commune is there, or will be: who left new ones out has them not."""
        return commune is None or commune.pk is not None or commune.code in self.new

    def write(self, by: AbstractBaseUser | None) -> None:
        reason = "Import du fichier des communes"
        save_rows(
            Commune,
            [commune for commune, _ in self.new.values()],
            self.changed_communes,
            [
                "name",
                "department",
                "siren",
                "postcodes",
                "population",
                "epci_siren",
                "epci_name",
                "search_text",
            ],
            by=by,
            reason=reason,
        )
        save_rows(
            Collectivity,
            [*(collectivity for _, collectivity in self.new.values()), *self.new_collectivities],
            self.changed_collectivities,
            ["name", "department", "siren", "siret", "postcode", "city", "search_text"],
            by=by,
            reason=reason,
        )
        self._write_former_codes()
        self._write_mergers(by)

    def _take(self, row: Row) -> None:
        if (kind := row["kind"].upper()) not in ("", COMMUNE):
            self.report.ignored[NOT_A_COMMUNE] += 1
            if kind in (ASSOCIATED, DELEGATED):
                codes = (row["code"].upper(), row["parent"].upper())
                self.parts.append((restore_zeros(codes[0], 5), restore_zeros(codes[1], 5)))
            return
        department = self.departments.get(restore_zeros(row["department"].upper(), 2))
        if department is None:
            self.report.ignored[OUT_OF_REGION] += 1
            return
        values = self._official(row, department)
        siret = self._siret(row, values["siren"])
        code = values.pop("code")
        if code in self.lines:
            raise RefusedRow(f"commune déjà présente à la ligne {self.lines[code]}")
        self.lines[code] = row.line
        commune = self.communes.get(code)
        if commune is None:
            commune = Commune(code=code, **values)
            commune.search_text = commune.build_search_text()
            self.new[code] = (commune, _own_collectivity(commune, siret))
            self.kinds.propose(code, commune.name, [_CREATED])
        else:
            self._compare(commune, values, siret)
        self.former |= dict.fromkeys(_codes(row["former_codes"]), commune)

    def _official(self, row: Row, department: Department) -> dict[str, Any]:
        """The row's values by field of Commune; an empty optional cell says nothing."""
        refuse_scientific(Commune, "siren", row["siren"])
        code = restore_zeros(row["code"].upper(), 5)
        texts = {
            "code": code,
            "name": row["name"],
            "siren": identifiers.normalise(row["siren"]) or self._known_siren(code),
            "postcodes": " ".join(_codes(row["postcodes"])),
            "population": row["population"].replace(" ", ""),
            "epci_siren": identifiers.normalise(row["epci_siren"]),
            "epci_name": row["epci_name"],
        }
        values = {
            name: clean(Commune, name, text)
            for name, text in texts.items()
            if text or name in ("code", "name", "siren")
        }
        _check(identifiers.validate_siren, values["siren"])
        return values | {"department": department}

    def _known_siren(self, code: str) -> str:
        if known := self.communes.get(code):
            return known.siren
        raise RefusedRow(
            "commune nouvelle et sans SIREN : importez d'abord le fichier des SIREN de banatic"
        )

    def _siret(self, row: Row, siren: str) -> str:
        siret = identifiers.normalise(row["verified_siret"] or row["presumed_siret"])
        if siret:
            _check(identifiers.validate_siret, siret)
            if not siret.startswith(siren):
                raise RefusedRow(f"le SIRET {siret} ne commence pas par le SIREN {siren}")
        return siret

    def _compare(self, commune: Commune, values: dict[str, Any], siret: str) -> None:
        edits = differences(commune, values)
        collectivity = self.collectivities.get(commune.pk)
        if collectivity is None:
            its_edits = [_OWN]
        else:
            its_edits = _edits_of_collectivity(collectivity, commune, values, siret)
        if not edits and not its_edits:
            self.report.unchanged += 1
        self.compared.append(_Compared(commune, edits, collectivity, its_edits, siret))
        self.kinds.propose(commune.code, commune.name, [*its_edits, *edits])

    def _apply(self, compared: _Compared) -> None:
        commune, collectivity = compared.commune, compared.collectivity
        edits = [edit for edit in compared.edits if self._accepts(edit.kind)]
        its_edits = [edit for edit in compared.its_edits if self._accepts(edit.kind)]
        if edits:
            write_edits(commune, edits)
            commune.search_text = commune.build_search_text()
            self.changed_communes.append(commune)
        if its_edits and collectivity:
            write_edits(collectivity, its_edits)
            collectivity.search_text = collectivity.build_search_text()
            self.changed_collectivities.append(collectivity)
        elif its_edits:
            self.new_collectivities.append(_own_collectivity(commune, compared.siret))
        if edits or its_edits:
            details = (
                *map(str, edits),
                *(str(edit) if edit is _OWN else f"collectivité, {edit}" for edit in its_edits),
            )
            self.report.changed.append(Change(commune.code, commune.name, details))

    def _write_former_codes(self) -> None:
        # A commune restored under its own code is no longer a former code.
        restored = {row.code for row, heir in self.merged if not heir}
        merged = {row.code for row in self.collectivities.values() if row.merged_into_id}
        known = self.communes.keys() | self.new.keys()
        living = self.lines.keys() & known - (merged - restored)
        FormerCode.objects.filter(code__in=self.known_former.keys() & living).delete()
        if self._accepts(NEW_FORMER):
            created = [row for row in self.new_former if self._is_kept(row.commune)]
            FormerCode.objects.bulk_create(created, batch_size=BATCH)
        if self._accepts(FORMER):
            moved = [(row, heir) for row, heir in self.moved_former if self._is_kept(heir)]
            for row, heir in moved:
                row.commune = heir
            FormerCode.objects.bulk_update([row for row, _ in moved], ["commune"], batch_size=BATCH)

    def _write_mergers(self, by: AbstractBaseUser | None) -> None:
        if not self.merged:
            return
        heirs = [heir for _, heir in self.merged if heir]
        own = {row.commune_id: row for row in Collectivity.objects.filter(commune__in=heirs)}
        for collectivity, heir in self.merged:
            collectivity.merged_into = own[heir.pk] if heir else None
            collectivity.merged_on = self.today if heir else None
        save_rows(
            Collectivity,
            [],
            [collectivity for collectivity, _ in self.merged],
            ["merged_into", "merged_on"],
            by=by,
            reason="Fusion de communes, vue au fichier officiel",
        )


def _own_collectivity(commune: Commune, siret: str) -> Collectivity:
    """The collectivity that a commune is, unsaved."""
    collectivity = Collectivity(
        kind=Collectivity.Kind.COMMUNE,
        commune=commune,
        code=commune.code,
        name=commune.name,
        department=commune.department,
        siren=commune.siren,
    )
    for name, value in _blanks(collectivity, commune, siret).items():
        setattr(collectivity, name, value)
    collectivity.search_text = collectivity.build_search_text()
    return collectivity


def _edits_of_collectivity(
    collectivity: Collectivity, commune: Commune, values: dict[str, Any], siret: str
) -> list[Edit]:
    """What the new values of a commune change of its collectivity."""
    after = Commune(**{name: getattr(commune, name) for name in _FOLLOWED} | values)
    followed: dict[str, Any] = {"siren": after.siren, "department": after.department}
    if collectivity.name == commune.name:  # Else an agent chose another one.
        followed["name"] = after.name
    edits = differences(collectivity, followed | _blanks(collectivity, after, siret))
    siret = collectivity.siret
    return [
        replace(edit, after=f"{edit.after} (SIRET {siret} à faire confirmer par la mairie)")
        if edit.field == "siren" and siret and not siret.startswith(edit.after)
        else edit
        for edit in edits
    ]


def _blanks(collectivity: Collectivity, commune: Commune, siret: str) -> dict[str, str]:
    """What the file can fill in of a collectivity, where nobody wrote anything yet."""
    proposed = {
        "siret": siret,
        "postcode": commune.postcodes.partition(" ")[0],
        "city": commune.name,
    }
    return {
        name: value for name, value in proposed.items() if value and not getattr(collectivity, name)
    }


def _codes(cell: str) -> list[str]:
    return [restore_zeros(code, 5) for code in re.split(r"[\s,;|/]+", cell) if code]


def _check(validate: Callable[[str], None], number: str) -> None:
    try:
        validate(number)
    except ValidationError as error:
        raise RefusedRow(" ".join(error.messages)) from None
