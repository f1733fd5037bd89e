"""Import of the communes: code officiel géographique, with SIREN, postcodes, EPCI."""

import datetime
import re
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from simple_history.utils import bulk_create_with_history, get_history_manager_for_model

from communes import identifiers
from communes.models import Collectivity, Commune, Department, FormerCode
from tabular import reading
from tabular.reading import Change, Column, Refusal, Report, Row

COLUMNS = (
    Column("code", ("code_insee", "codgeo", "com", "insee", "code_commune"), required=True),
    Column(
        "name", ("nom", "libelle", "libgeo", "nom_commune", "nom_com", "commune"), required=True
    ),
    Column("department", ("departement", "dep", "code_departement", "dep_com"), required=True),
    Column("siren", ("siren", "siren_commune", "numero_siren")),
    Column("kind", ("typecom",)),
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
OUT_OF_REGION = "hors des départements de la région"
NOT_A_COMMUNE = "commune associée ou déléguée, ou arrondissement"
_BATCH = 1000

M = TypeVar("M", bound=models.Model)


class RefusedRow(ValueError):
    """A row that cannot be taken; the message (French) says why."""


def import_communes(
    content: bytes, *, by: AbstractBaseUser | None = None, dry_run: bool = False
) -> Report:
    """Create and update the communes of an official file, each with its own collectivity.

    The code officiel géographique has no SIREN, banatic's table has no more than it: a known
    commune keeps its own, a new one waits for banatic's. Associated and delegated communes
    and arrondissements (TYPECOM) are left out.

    What a town hall confirmed (SIRET, address, representative) and what an agent
    corrected on the collectivity's name is kept; SIRET, postcode and city are filled
    in where they are blank. A commune whose code became a former code of another is kept,
    and its collectivity is marked as merged into the other's, from today on: nothing of
    its history moves. `by` signs the history. One transaction; importing the
    same file again changes nothing. With `dry_run` nothing is written.
    Raises reading.UnreadableFile.
    """
    table = reading.read(content, COLUMNS)
    with nullcontext() if dry_run else transaction.atomic():
        run = _CommuneImport(dry_run)
        run.read(table)
        run.find_mergers()
        if not dry_run:
            run.write(by)
    return run.report


def departments_for_import(dry_run: bool) -> dict[str, Department]:
    """Return the départements by code; when writing, locked so that imports take turns."""
    rows = Department.objects.all()
    departments = {
        row.code: row for row in (rows if dry_run else rows.select_for_update(no_key=True))
    }
    if not departments:
        raise reading.UnreadableFile(
            "Aucun département n'est encore enregistré : "
            "lancez d'abord « manage.py import_communes » sur le serveur."
        )
    return departments


def update(instance: models.Model, values: dict[str, Any]) -> dict[str, str]:
    """Set `values` on `instance`, unsaved; return what changes, in words, by name of field."""
    details = {}
    for name, value in values.items():
        before = getattr(instance, name)
        if before == value:
            continue
        setattr(instance, name, value)
        field = _field(type(instance), name)
        details[name] = f"{field.verbose_name} : {_shown(field, before)} → {_shown(field, value)}"
    return details


def _field(model: type[models.Model], name: str) -> models.Field:
    return next(field for field in model._meta.fields if field.name == name)


def _shown(field: models.Field, value: Any) -> str:
    if isinstance(value, datetime.date):
        return f"{value:%d/%m/%Y}"
    return str(dict(field.flatchoices).get(value, value) or "—")


def clean(model: type[models.Model], name: str, text: str) -> Any:
    """Return `text` as the model's field takes it; raise RefusedRow with the field's message."""
    field = _field(model, name)
    try:
        return field.clean(text, None)
    except ValidationError as error:
        raise RefusedRow(f"{field.verbose_name} « {text} » : {' '.join(error.messages)}") from None


def restore_zeros(code: str, length: int) -> str:
    """Return a numeric code with the leading zero that a spreadsheet took away."""
    return code.zfill(length) if code.isdecimal() and len(code) == length - 1 else code


def save_rows(
    model: type[M],
    created: Sequence[M],
    changed: Sequence[M],
    fields: Sequence[str],
    *,
    by: AbstractBaseUser | None,
    reason: str,
) -> None:
    """Write unsaved rows with their history, signed by `by`, whatever their number."""
    signed = {"batch_size": _BATCH, "default_user": by, "default_change_reason": reason}
    if created:
        bulk_create_with_history(created, model, **signed)
    if changed:
        # An upsert: bulk_update() takes eight times longer on a whole region.
        model._default_manager.bulk_create(
            changed,
            batch_size=_BATCH,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=fields,
        )
        history = get_history_manager_for_model(model)
        history.bulk_history_create(changed, update=True, **signed)


class _CommuneImport:
    """One run: reads everything it compares with once, decides row by row, writes in bulk."""

    def __init__(self, dry_run: bool) -> None:
        self.report = Report(dry_run=dry_run)
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
        self.new_communes: list[Commune] = []
        self.changed_communes: list[Commune] = []
        self.new_collectivities: list[Collectivity] = []
        self.changed_collectivities: list[Collectivity] = []
        self.merged: list[tuple[Collectivity, Commune | None]] = []
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
                    self.report.mergers.append(Change(row.code, row.name, ("commune rétablie",)))
            elif heir and not self._stands_for(heir, row):
                self.merged.append((row, heir))
                self.report.mergers.append(
                    Change(
                        row.code,
                        row.name,
                        (f"réunie à {heir.name} ({heir.code})",),
                        frozenset({"merged_into"}),
                    )
                )

    def _stands_for(self, commune: Commune, merged: Collectivity) -> bool:
        own = self.collectivities.get(commune.pk)
        return own is not None and own.pk in (merged.pk, merged.merged_into_id)

    def write(self, by: AbstractBaseUser | None) -> None:
        reason = "Import du fichier des communes"
        save_rows(
            Commune,
            self.new_communes,
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
            self.new_collectivities,
            self.changed_collectivities,
            ["name", "department", "siren", "siret", "postcode", "city", "search_text"],
            by=by,
            reason=reason,
        )
        self._write_former_codes()
        self._write_mergers(by)

    def _take(self, row: Row) -> None:
        if row["kind"].upper() not in ("", COMMUNE):
            self.report.ignored[NOT_A_COMMUNE] += 1
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
            self.new_communes.append(commune)
            self._create_collectivity(commune, siret)
            self.report.created.append(Change(code, commune.name))
        else:
            self._compare(commune, values, siret)
        self.former |= dict.fromkeys(_codes(row["former_codes"]), commune)

    def _official(self, row: Row, department: Department) -> dict[str, Any]:
        """The row's values by field of Commune; an empty optional cell says nothing."""
        if reading.is_scientific(row["siren"]):
            raise RefusedRow(
                f"le SIREN « {row['siren']} » a été transformé par un tableur : "
                "reprenez le fichier d'origine, colonne au format texte"
            )
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

    def _create_collectivity(self, commune: Commune, siret: str) -> None:
        collectivity = Collectivity(
            kind=Collectivity.Kind.COMMUNE,
            commune=commune,
            code=commune.code,
            name=commune.name,
            department=commune.department,
            siren=commune.siren,
        )
        update(collectivity, _blanks(collectivity, commune, siret))
        collectivity.search_text = collectivity.build_search_text()
        self.new_collectivities.append(collectivity)

    def _compare(self, commune: Commune, values: dict[str, Any], siret: str) -> None:
        former_name = commune.name
        details = tuple(update(commune, values).values())
        if details:
            commune.search_text = commune.build_search_text()
            self.changed_communes.append(commune)
        collectivity = self.collectivities.get(commune.pk)
        if collectivity is None:
            self._create_collectivity(commune, siret)
            details += ("collectivité créée",)
        else:
            details += self._compare_collectivity(collectivity, commune, former_name, siret)
        if details:
            self.report.changed.append(Change(commune.code, commune.name, details))
        else:
            self.report.unchanged += 1

    def _compare_collectivity(
        self, collectivity: Collectivity, commune: Commune, former_name: str, siret: str
    ) -> tuple[str, ...]:
        values: dict[str, Any] = {"siren": commune.siren, "department": commune.department}
        if collectivity.name == former_name:  # Else an agent chose another one.
            values["name"] = commune.name
        values |= _blanks(collectivity, commune, siret)
        siren_changes = collectivity.siren != commune.siren
        details = tuple(update(collectivity, values).values())
        if not details:
            return ()
        collectivity.search_text = collectivity.build_search_text()
        self.changed_collectivities.append(collectivity)
        if siren_changes and not collectivity.siret.startswith(collectivity.siren):
            details += (f"SIRET {collectivity.siret} à faire confirmer par la mairie",)
        return tuple(f"collectivité, {detail}" for detail in details)

    def _write_former_codes(self) -> None:
        # A commune restored under its own code is no longer a former code.
        FormerCode.objects.filter(code__in=self.known_former.keys() & self.lines).delete()
        created, moved = [], []
        for code, commune in self.former.items():
            known = self.known_former.get(code)
            if code in self.lines:
                continue
            if known is None:
                created.append(FormerCode(code=code, commune=commune))
            elif known.commune_id != commune.pk:
                known.commune = commune
                moved.append(known)
        FormerCode.objects.bulk_create(created, batch_size=_BATCH)
        FormerCode.objects.bulk_update(moved, ["commune"], batch_size=_BATCH)

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
