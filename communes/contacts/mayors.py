"""Mayors, from the « répertoire national des élus »: kept as proposals, applied by a person.

The file of the mayors, or of the municipal councillors, as data.gouv.fr publishes it: Latin-1
or UTF-8, `;` or tab, with or without a line of title above the headers.
"""

import datetime
from collections.abc import Sequence
from contextlib import nullcontext

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet

from communes.contacts.models import ProposedMayor
from communes.importing import (
    OUT_OF_REGION,
    RefusedRow,
    clean,
    departments_for_import,
    restore_zeros,
    update,
)
from communes.mandates import refusal_of_day, represent
from communes.models import Civility, Collectivity, Party, Represented
from tabular.folding import fold
from tabular.reading import Change, Column, Refusal, Report, Row, UnreadableFile, read
from tabular.values import UnreadableValue, read_date

COLUMNS = (
    Column("code", ("code de la commune", "code commune", "code insee", "codgeo")),
    Column("department", ("code du departement", "code departement", "departement")),
    Column("last_name", ("nom de l'elu", "nom elu", "nom")),
    Column("first_name", ("prenom de l'elu", "prenom elu", "prenom")),
    Column("civility", ("code sexe", "civilite", "sexe")),
    Column("function", ("libelle de la fonction", "libelle de fonction", "fonction")),
    Column(
        "since",
        (
            "date de debut de la fonction",
            "date de debut de fonction",
            "date debut fonction",
            "date de debut",
            "date de debut du mandat",
        ),
    ),
)
_REQUIRED = {
    "code": "Code de la commune",
    "last_name": "Nom de l'élu",
    "first_name": "Prénom de l'élu",
    "since": "Date de début de la fonction",
}
_CIVILITIES = {
    **dict.fromkeys(("f", "mme", "madame", "feminin"), Civility.MADAME),
    **dict.fromkeys(("m", "mr", "monsieur", "masculin"), Civility.MONSIEUR),
}
_OTHER_FUNCTION = "autre fonction que maire"
_NAMES = ("representative_first_name", "representative_last_name")


def import_mayors(
    content: bytes,
    *,
    today: datetime.date,
    dry_run: bool = False,
) -> Report:
    """Keep as proposals the mayors who are not those that the collectivities name.

    Nobody who represents a collectivity changes: `apply` does that. A proposal refused once is
    not made again, unless the file names somebody else.
    With `dry_run` nothing is written. Raises UnreadableFile.
    """
    table = read(content, COLUMNS)
    there = set(table.rows[0].cells) if table.rows else set()
    if missing := [label for name, label in _REQUIRED.items() if name not in there]:
        raise UnreadableFile(f"Colonnes introuvables : {', '.join(missing)}.")
    with nullcontext() if dry_run else transaction.atomic():
        run = _MayorImport(today, dry_run)
        for row in table.rows:
            run.take(row)
        if not dry_run:
            run.write()
    return run.report


def is_same_person(one: Represented, other: Represented) -> bool:
    """Tell whether both name the same person; case and accents do not count."""
    return _is_same(*([getattr(person, name) for name in _NAMES] for person in (one, other)))


def _is_same(one: Sequence[str], other: Sequence[str]) -> bool:
    return one == other or [*map(fold, one)] == [*map(fold, other)]


def is_pending(proposal: ProposedMayor) -> bool:
    """Tell whether a proposal waits for an agent: another person than the present one."""
    return proposal.refused_on is None and not is_same_person(proposal, proposal.collectivity)


def pending_keys(proposals: QuerySet[ProposedMayor]) -> list[int]:
    """Return the keys of those of `proposals` that wait for an agent, in one query."""
    now = [f"collectivity__{name}" for name in _NAMES]
    rows = proposals.filter(refused_on=None).order_by().values_list("pk", *_NAMES, *now)
    return [pk for pk, first, last, *named in rows if not _is_same([first, last], named)]


def pending() -> QuerySet[ProposedMayor]:
    """Return the proposals that wait for an agent."""
    return ProposedMayor.objects.filter(pk__in=pending_keys(ProposedMayor.objects.all()))


def apply(proposal: ProposedMayor, *, by: AbstractBaseUser, today: datetime.date) -> None:
    """Have the mayor proposed represent the collectivity, from the day of their function.

    The history of the collectivity is signed `by`. Raises ValidationError.
    """
    collectivity = proposal.collectivity
    collectivity._history_user = by  # type: ignore[attr-defined]  # Of django-simple-history.
    collectivity._change_reason = "Répertoire national des élus"  # type: ignore[attr-defined]
    values = {name: getattr(proposal, name) for name in Party.representative_fields()}
    represent(collectivity, values, since=proposal.since, today=today)


def refuse(proposals: QuerySet[ProposedMayor], *, today: datetime.date) -> int:
    """Keep who represents these collectivities; return how many proposals wait no more."""
    keys = list(proposals.values_list("pk", flat=True))
    return ProposedMayor.objects.filter(pk__in=keys).update(refused_on=today)


class _MayorImport:
    """One run: reads the communes' collectivities once, decides row by row, writes in bulk."""

    def __init__(self, today: datetime.date, dry_run: bool) -> None:
        self.report, self.today = Report(dry_run=dry_run), today
        self.departments = departments_for_import(dry_run)
        self.by_code = {
            each.code: each
            for each in Collectivity.objects.filter(commune__isnull=False, merged_into=None)
        }
        self.known = {each.collectivity_id: each for each in ProposedMayor.objects.all()}
        self.seen: dict[str, int] = {}
        self.written: list[ProposedMayor] = []

    def take(self, row: Row) -> None:
        if row["function"] and fold(row["function"]) != "maire":
            self.report.ignored[_OTHER_FUNCTION] += 1
            return
        code = _code(row)
        if not code.startswith(tuple(self.departments)):
            self.report.ignored[OUT_OF_REGION] += 1
            return
        try:
            self._take(row, code)
        except RefusedRow as refusal:
            self.report.refused.append(Refusal(row.line, code[:40], str(refusal)))

    def _take(self, row: Row, code: str) -> None:
        collectivity = self.by_code.get(code)
        if collectivity is None:
            raise RefusedRow("Aucune commune de la région ne porte ce code.")
        values = _values(row, self.today)
        if code in self.seen:
            raise RefusedRow(f"Cette commune a déjà un maire à la ligne {self.seen[code]}.")
        self.seen[code] = row.line
        known = self.known.get(collectivity.pk)
        proposal = known or ProposedMayor(collectivity=collectivity)
        before = proposal.representative
        details = update(proposal, values)
        if not details or (not known and is_same_person(proposal, collectivity)):
            self.report.unchanged += 1
            return
        proposal.proposed_on = self.today
        if fold(before) != fold(proposal.representative):
            proposal.refused_on = None
        self.written.append(proposal)
        change = Change(code, collectivity.name, (_in_words(proposal, collectivity),))
        (self.report.changed if known else self.report.created).append(change)

    def write(self) -> None:
        ProposedMayor.objects.bulk_create(
            self.written,
            batch_size=500,
            update_conflicts=True,
            unique_fields=["collectivity"],
            update_fields=[
                *Party.representative_fields(),
                "since",
                "proposed_on",
                "refused_on",
            ],
        )


def _code(row: Row) -> str:
    """The INSEE code: whole, or the commune's three digits after those of the département."""
    code = row["code"].replace(" ", "").upper()
    if len(code) <= 3 and row["department"]:
        return f"{restore_zeros(row['department'], 2)}{code.zfill(3)}"
    return restore_zeros(code, 5)


def _values(row: Row, today: datetime.date) -> dict[str, object]:
    civility = _CIVILITIES.get(fold(row["civility"]), "")
    values: dict[str, object] = {
        name: clean(ProposedMayor, name, text)
        for name, text in zip(_NAMES, (row["first_name"], row["last_name"]), strict=True)
    }
    if not all(values.values()):
        raise RefusedRow("Le nom ou le prénom manque.")
    return values | {
        "representative_civility": civility,
        "representative_capacity": "Maire",
        "capacity_gender": civility,
        "since": _day(row["since"], today),
    }


def _day(text: str, today: datetime.date) -> datetime.date:
    try:
        day = read_date(text)
    except UnreadableValue as error:
        raise RefusedRow(f"date de début : {error}") from None
    if said := refusal_of_day(day, today):
        raise RefusedRow(said)
    return day


def _in_words(proposal: ProposedMayor, collectivity: Collectivity) -> str:
    now = collectivity.representative or "personne"
    return f"{now} → {proposal.representative}, depuis le {proposal.since:%d/%m/%Y}"
