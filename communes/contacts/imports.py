"""Import of contacts: addresses, telephones and secretaries, from the lists that agents keep."""

import re
from collections import defaultdict
from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction

from communes import french
from communes.contacts.models import Secretary
from communes.identifiers import normalise
from communes.importing import (
    RefusedRow,
    clean,
    departments_for_import,
    differences,
    restore_zeros,
    save_rows,
    write_edits,
)
from communes.models import Collectivity, FormerCode
from communes.models.territory import validate_insee
from communes.typed import is_same_phone, read_phone, restore_phone
from tabular.folding import fold
from tabular.kinds import Edit, Kinds
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
_SECRETARY = "secretary"
_TAKEN = ("email", "phone", "secretary")
_BEFORE_A_NAME = re.compile(r"^(commune|mairie|ville)( de la| de l| des| de| du| d)? ")
_SAINTS = ((re.compile(r"\bst\b"), "saint"), (re.compile(r"\bste\b"), "sainte"))


BY_NAME = "by_name"
_BY_NAME_LABEL = "collectivité reconnue par son nom seulement"


def import_contacts(
    content: bytes,
    *,
    by: AbstractBaseUser | None = None,
    dry_run: bool = False,
    accepted: Collection[str] | None = None,
) -> Report:
    """Give collectivities the address, the telephone and the secretary of a list.

    A row is of the collectivity of its INSEE code (a former one leads to today's) or SIREN,
    and refused when they disagree; with neither, of the only one of its name (in its
    département, if told): such rows are a kind of their own, always held back. An empty cell
    changes nothing.

    Only the kinds of change in `accepted` (tokens of `Report.kinds`) are written; without it,
    those that nothing holds back. `by` signs the history; with `dry_run` nothing is written.
    Raises UnreadableFile.
    """
    table = read(content, COLUMNS)
    _refuse_without_columns(table.rows)
    with nullcontext() if dry_run else transaction.atomic():
        run = _ContactImport(dry_run, accepted)
        run.report.refused += table.refused
        for row in table.rows:
            run.take(row)
        run.settle()
        if not dry_run and not run.report.is_stale:
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

    def __init__(self, dry_run: bool, accepted: Collection[str] | None) -> None:
        self.report = Report(dry_run=dry_run)
        self.kinds = Kinds(accepted)
        departments_for_import(dry_run)  # Locked, so that imports take turns.
        self.by_code: dict[str, Collectivity] = {}
        self.by_name: dict[str, list[Collectivity]] = defaultdict(list)
        for each in Collectivity.objects.filter(merged_into=None).select_related("department"):
            self.by_code[each.code] = self.by_code[each.siren] = each
            self.by_name[_plain(each.name)].append(each)
        self.former = dict(FormerCode.objects.values_list("code", "commune__code"))
        self.secretaries = dict(Secretary.objects.values_list("collectivity", "name"))
        self.lines: dict[int, int] = {}
        self.compared: list[tuple[Collectivity, list[Edit]]] = []
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
        collectivity, is_by_name = self._find(row)
        if collectivity.pk in self.lines:
            first = self.lines[collectivity.pk]
            raise RefusedRow(f"{collectivity.name} est déjà à la ligne {first} : gardez la bonne.")
        edits = self._edits(row, collectivity)
        self.lines[collectivity.pk] = row.line
        if not edits:
            self.report.unchanged += 1
        told = edits
        if is_by_name and edits:
            told = [Edit(BY_NAME, _BY_NAME_LABEL, after=" ; ".join(map(str, edits)))]
            edits = [replace(edit, kind=BY_NAME) for edit in edits]
        self.compared.append((collectivity, edits))
        self.kinds.propose(collectivity.code, collectivity.name, told)
        if is_by_name and edits:
            self.kinds.hold(BY_NAME, "Ni code INSEE, ni SIREN : vérifiez-les une à une.")

    def _edits(self, row: Row, collectivity: Collectivity) -> list[Edit]:
        values = {}
        if email := row["email"].lower():
            values["email"] = clean(Collectivity, "email", email)
        if (phone := self._phone(row)) and not is_same_phone(phone, collectivity.phone):
            values["phone"] = phone
        known = Secretary(name=self.secretaries.get(collectivity.pk, ""))
        named = {"name": row["secretary"][:120]} if row["secretary"] else {}
        secretary = [
            replace(edit, kind=edit.kind.replace("name", _SECRETARY), field=_SECRETARY)
            for edit in differences(known, named)
        ]
        return [*differences(collectivity, values), *secretary]

    def _phone(self, row: Row) -> str:
        """A telephone as people's own are kept, words around it left out; told where it is none."""
        try:
            return read_phone(restore_phone(re.sub(r"[^\d+]", "", row["phone"])))
        except ValidationError as error:
            said = f"laissé de côté, téléphone « {row['phone'][:40]} » : {' '.join(error.messages)}"
            identifier = row["code"] or row["siren"] or row["name"]
            self.report.remarks.append(Refusal(row.line, identifier[:40], said))
            return ""

    def _find(self, row: Row) -> tuple[Collectivity, bool]:
        """The collectivity of a row, and whether its name alone tells."""
        if row["code"] or row["siren"]:
            return self._find_by_code(row), False
        named = self.by_name.get(_plain(row["name"]), [])
        if department := row["department"]:
            named = [c for c in named if _is_of(c, department)]
        if len(named) != 1:
            raise RefusedRow(
                "Plusieurs collectivités portent ce nom : ajoutez leur code."
                if named
                else "Aucune collectivité de la région ne porte ce nom."
            )
        return named[0], True

    def _find_by_code(self, row: Row) -> Collectivity:
        code = restore_zeros(normalise(row["code"]).upper(), 5)
        siren = normalise(row["siren"])
        heir = self.former.get(code, "")
        of_code = self.by_code.get(code) or self.by_code.get(heir)
        of_siren = self.by_code.get(siren)
        found = of_code or of_siren
        if found is None:
            raise RefusedRow("Aucune collectivité de la région ne porte ce code.")
        if siren and (of_siren != found or (not of_code and _is_insee(code))):
            raise RefusedRow(
                f"Le code {code} {_whose(of_code)}, le SIREN {siren} {_whose(of_siren)} : "
                "corrigez celui qui est faux."
            )
        if found is not self.by_code.get(code) and found is self.by_code.get(heir):
            self.report.remarks.append(
                Refusal(
                    row.line,
                    code,
                    f"ancien code {french.of(found.name)} ({found.code}), qui est retenue",
                )
            )
        return found

    def settle(self) -> None:
        """Learn which kinds of change are accepted; in a preview, all are looked at."""
        self.report.kinds = self.kinds.settle(known=len(self.compared))
        self.report.is_stale = self.kinds.is_stale
        for collectivity, proposed in self.compared:
            edits = [edit for edit in proposed if self._accepts(edit.kind)]
            if not edits:
                continue
            self.report.changed.append(
                Change(collectivity.code, collectivity.name, tuple(map(str, edits)))
            )
            own = [edit for edit in edits if edit.field != _SECRETARY]
            write_edits(collectivity, own)
            if own:
                self.changed.append(collectivity)
            self.named += [
                Secretary(collectivity=collectivity, name=edit.value)
                for edit in edits
                if edit.field == _SECRETARY
            ]

    def _accepts(self, kind: str) -> bool:
        return self.report.dry_run or self.kinds.accepts(kind)

    def write(self, by: AbstractBaseUser | None) -> None:
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


def _whose(collectivity: Collectivity | None) -> str:
    return f"est celui {french.of(collectivity.name)}" if collectivity else "est inconnu"


def _is_insee(code: str) -> bool:
    try:
        validate_insee(code)
    except ValidationError:
        return False
    return True


def _plain(name: str) -> str:
    """A name as it is compared: "Mairie de St-Jean" and "Saint-Jean" are one."""
    folded = _BEFORE_A_NAME.sub("", " ".join(re.split(r"[\W_]+", fold(name))).strip())
    for short, long in _SAINTS:
        folded = short.sub(long, folded)
    return folded


def _is_of(collectivity: Collectivity, department: str) -> bool:
    known: Any = collectivity.department
    return fold(department) in (fold(known.code), fold(known.name), known.code.lstrip("0"))
