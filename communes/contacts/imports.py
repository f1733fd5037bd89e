"""Import of contacts: addresses, telephones and secretaries, from the lists that agents keep."""

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction

from communes.contacts.models import Secretary
from communes.imports import RefusedRow, clean, restore_zeros, save_rows, update
from communes.models import Collectivity
from communes.typed import read_phone, restore_phone
from tabular.folding import fold
from tabular.reading import Change, Column, Refusal, Report, Row, UnreadableFile, read

COLUMNS = (
    Column("code", ("code_insee", "insee", "code_commune", "codgeo", "code")),
    Column("siren", ("siren", "siren_commune", "numero_siren", "n_siren")),
    Column("name", ("collectivite", "commune", "nom", "nom_commune", "mairie", "libelle")),
    Column("department", ("departement", "dep", "code_departement")),
    Column(
        "email",
        (
            "adresse_electronique",
            "email",
            "courriel",
            "mail",
            "mel",
            "adresse_email",
            "adresse_mail",
            "email_mairie",
            "courriel_mairie",
        ),
    ),
    Column("phone", ("telephone", "tel", "numero_de_telephone", "telephone_mairie")),
    Column("secretary", ("secretaire", "secretaire_de_mairie", "nom_du_secretaire", "contact")),
)
_IDENTIFIERS = ("code", "siren", "name")
_TAKEN = ("email", "phone", "secretary")
_BEFORE_A_NAME = re.compile(r"^(commune|mairie|ville)( de la| de l| des| de| du| d)? ")
_SAINTS = ((re.compile(r"\bst\b"), "saint"), (re.compile(r"\bste\b"), "sainte"))


@dataclass(frozen=True)
class _Found:
    collectivity: Collectivity
    by_name: bool


def import_contacts(
    content: bytes,
    *,
    by: AbstractBaseUser | None = None,
    dry_run: bool = False,
    accept_names: bool = False,
) -> Report:
    """Give collectivities the address, the telephone and the secretary of a list.

    A row is of the collectivity of its INSEE code or SIREN; with neither, of the only one of its
    name (in its département, if told): such rows are `doubtful`, and written only with
    `accept_names`. An empty cell changes nothing. `by` signs the history; with `dry_run`
    nothing is written. Raises UnreadableFile.
    """
    table = read(content, COLUMNS)
    _refuse_without_columns(table.rows)
    report = Report(dry_run=dry_run, refused=list(table.refused))
    run = _ContactImport(report, accept_names)
    for row in table.rows:
        run.take(row)
    if not dry_run:
        run.write(by)
    return run.report


def _refuse_without_columns(rows: list[Row]) -> None:
    there = set(rows[0].cells) if rows else set()
    if not there.intersection(_IDENTIFIERS) or not there.intersection(_TAKEN):
        raise UnreadableFile(
            "Il faut une colonne qui désigne la collectivité (« Code INSEE », « SIREN » ou "
            "« Commune ») et une qui apporte quelque chose (« Adresse électronique », "
            "« Téléphone » ou « Secrétaire »)."
        )


class _ContactImport:
    """One run: reads all collectivities once, decides row by row, writes in bulk."""

    def __init__(self, report: Report, accept_names: bool) -> None:
        self.report, self.accept_names = report, accept_names
        self.by_code: dict[str, Collectivity] = {}
        self.by_name: dict[str, list[Collectivity]] = defaultdict(list)
        for each in Collectivity.objects.filter(merged_into=None).select_related("department"):
            self.by_code[each.code] = self.by_code[each.siren] = each
            self.by_name[_plain(each.name)].append(each)
        self.secretaries = dict(Secretary.objects.values_list("collectivity", "name"))
        self.lines: dict[int, int] = {}
        self.changed: list[Collectivity] = []
        self.named: list[Secretary] = []

    def take(self, row: Row) -> None:
        if not any(row[name] for name in _TAKEN) or not any(row[name] for name in _IDENTIFIERS):
            self.report.ignored["sans collectivité ou sans rien à reprendre"] += 1
            return
        try:
            self._take(row)
        except RefusedRow as refusal:
            identifier = row["code"] or row["siren"] or row["name"]
            self.report.refused.append(Refusal(row.line, identifier[:40], str(refusal)))

    def _take(self, row: Row) -> None:
        found = self._find(row)
        collectivity = found.collectivity
        if collectivity.pk in self.lines:
            first = self.lines[collectivity.pk]
            raise RefusedRow(f"{collectivity.name} est déjà à la ligne {first} : gardez la bonne.")
        values = {}
        if email := row["email"].lower():
            values["email"] = clean(Collectivity, "email", email)
        if (phone := _phone(row["phone"])) and _digits(phone) != _digits(collectivity.phone):
            values["phone"] = clean(Collectivity, "phone", phone)
        self.lines[collectivity.pk] = row.line
        details = tuple(update(collectivity, values).values())
        secretary = row["secretary"][:120]
        if secretary and secretary != (before := self.secretaries.get(collectivity.pk, "")):
            details = (*details, f"secrétaire : {before or '—'} → {secretary}")
        if not details:
            self.report.unchanged += 1
            return
        change = Change(collectivity.code, collectivity.name, details)
        is_held_back = found.by_name and not self.accept_names
        (self.report.doubtful if is_held_back else self.report.changed).append(change)
        if not is_held_back:
            if values:
                self.changed.append(collectivity)
            if secretary:
                self.named.append(Secretary(collectivity=collectivity, name=secretary))

    def _find(self, row: Row) -> _Found:
        code = restore_zeros(row["code"].replace(" ", "").upper(), 5)
        siren = row["siren"].replace(" ", "")
        if code or siren:
            found = self.by_code.get(code) or self.by_code.get(siren)
            if found is None:
                raise RefusedRow("Aucune collectivité de la région ne porte ce code.")
            return _Found(found, by_name=False)
        named = self.by_name.get(_plain(row["name"]), [])
        if department := row["department"]:
            named = [c for c in named if _is_of(c, department)]
        if len(named) != 1:
            raise RefusedRow(
                "Plusieurs collectivités portent ce nom : ajoutez leur code."
                if named
                else "Aucune collectivité de la région ne porte ce nom."
            )
        return _Found(named[0], by_name=True)

    def write(self, by: AbstractBaseUser | None) -> None:
        with transaction.atomic():
            save_rows(
                Collectivity,
                [],
                self.changed,
                ["email", "phone"],
                by=by,
                reason="Import de contacts",
            )
            Secretary.objects.bulk_create(
                self.named,
                batch_size=500,
                update_conflicts=True,
                unique_fields=["collectivity"],
                update_fields=["name"],
            )


def _plain(name: str) -> str:
    """A name as it is compared: "Mairie de St-Jean" and "Saint-Jean" are one."""
    folded = _BEFORE_A_NAME.sub("", " ".join(re.split(r"[\W_]+", fold(name))).strip())
    for short, long in _SAINTS:
        folded = short.sub(long, folded)
    return folded


def _is_of(collectivity: Collectivity, department: str) -> bool:
    known: Any = collectivity.department
    return fold(department) in (fold(known.code), fold(known.name), known.code.lstrip("0"))


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _phone(text: str) -> str:
    """A telephone as people's own are kept, words around it left out; what is none, as it came."""
    try:
        return read_phone(restore_phone(re.sub(r"[^\d+]", "", text)))
    except ValidationError:
        return text
