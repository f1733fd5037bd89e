"""Import of the public primary schools, from the annuaire de l'éducation's export.

The export exists under several headers (the annuaire's, the geolocated addresses',
their labels); a school is known by its UAI code and stands in the commune of its
INSEE code, former codes included. Names are never used to join.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from contextlib import nullcontext
from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from communes.importing import (
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
from communes.models import Collectivity, Commune, FormerCode
from communes.typed import is_same_phone, restore_phone
from schools import uai as uai_code
from schools.models import School
from schools.positions import position_of
from schools.takeover import follow_payers
from tabular import reading
from tabular.folding import fold
from tabular.kinds import HELD_ABOVE, Edit, Kinds
from tabular.reading import Change, Column, Refusal, Report, Row
from tabular.values import UnreadableValue, read_date

COLUMNS = (
    Column(
        "uai",
        (
            "identifiant_de_l_etablissement",
            "numero_uai",
            "code_etablissement",
            "numero_d_uai",
            "code_uai",
            "uai",
            "rne",
            "code_rne",
            "numero_rne",
        ),
        required=True,
    ),
    Column(
        "name",
        ("nom_etablissement", "appellation_officielle", "nom_de_l_etablissement", "nom"),
        required=True,
    ),
    Column("nature", ("code_nature", "nature_uai", "code_nature_de_l_uai"), required=True),
    Column(
        "sector",
        (
            "statut_public_prive",
            "secteur_public_prive_libe",
            "secteur_public_prive",
            "statut",
            "secteur",
        ),
        required=True,
    ),
    Column(
        "commune",
        ("code_commune", "code_insee_de_la_commune", "code_insee", "commune_code"),
        required=True,
    ),
    Column("commune_name", ("nom_commune", "libelle_commune", "libelle_de_la_commune", "commune")),
    Column(
        "department",
        ("code_departement", "code_insee_du_departement_ou_de_la_collectivite"),
    ),
    # The label before the code: two exports name them alike but for "libe".
    Column(
        "state",
        (
            "etat",
            "etat_etablissement_libe",
            "libelle_de_l_etat_de_l_etablissement",
            "etat_etablissement",
            "etat_de_l_etablissement",
        ),
    ),
    Column(
        "address_line", ("adresse_1", "adresse_uai", "adresse_designation_de_la_voie", "adresse")
    ),
    Column("postcode", ("code_postal", "code_postal_uai", "adresse_code_postal")),
    Column("email", ("mail", "mel_uai", "courriel", "email")),
    Column("phone", ("telephone", "numero_telephone_uai")),
    Column("pupils", ("nombre_d_eleves", "effectif")),
    Column("opened_on", ("date_ouverture", "date_d_ouverture")),
    Column("latitude", ("latitude",)),
    Column("longitude", ("longitude",)),
)
OPTIONAL = ("address_line", "postcode", "email", "phone", "pupils", "opened_on")

NOT_YET_OPEN = "to_open"
# Labels and codes of the national register.
STATES = {
    "": School.State.OPEN,
    "ouvert": School.State.OPEN,
    "1": School.State.OPEN,
    "a fermer": School.State.TO_CLOSE,
    "2": School.State.TO_CLOSE,
    "a ouvrir": NOT_YET_OPEN,
    "3": NOT_YET_OPEN,
    "ferme": School.State.CLOSED,
    "4": School.State.CLOSED,
}
OPEN_STATES = (School.State.OPEN, School.State.TO_CLOSE)
CREATED, CLOSURE = "created", "closure"
_PARTIAL = "Le fichier est sans doute partiel, plus de 5 % des écoles y manquent."
# A change of state by what it comes to; a school that is open again waits for no closure.
_NEW_STATES = {
    School.State.OPEN: "école de nouveau ouverte",
    School.State.TO_CLOSE: "fermeture annoncée",
}

_NATURES = frozenset(School.Nature.values)


def import_schools(
    content: bytes,
    *,
    by: User | None = None,
    dry_run: bool = False,
    partial: bool = False,
    accepted: Collection[str] | None = None,
) -> Report:
    """Create and update the public primary schools of an export; propose closures.

    A school absent from the file (in the départements that it covers) though an earlier
    one had it, or closed in it, is proposed for closure, never closed. With `partial`,
    absence says nothing. A new school is paid for by its commune; an existing one keeps its
    payer, and follows its commune when that was the payer; takeovers whose day has come are
    followed.

    Only the kinds of change in `accepted` (tokens of `Report.kinds`) are written; without it,
    those that nothing holds back. Closures are held back where they would be more than 5 % of
    a département's open schools. `by` signs the history. One transaction; importing the same
    file again changes nothing. With `dry_run` nothing is written.
    Raises reading.UnreadableFile.
    """
    table = reading.read(content, COLUMNS)
    with nullcontext() if dry_run else transaction.atomic():
        run = _SchoolImport(dry_run, accepted)
        run.read(table)
        run.find_closures(partial=partial)
        run.settle()
        if not dry_run and not run.report.is_stale:
            run.write(by)
    return run.report


class _SchoolImport:
    """One run: reads everything it compares with once, decides row by row, writes in bulk."""

    def __init__(self, dry_run: bool, accepted: Collection[str] | None) -> None:
        self.report = Report(dry_run=dry_run)
        self.kinds = Kinds(accepted)
        self.today = timezone.localdate()
        self.departments = departments_for_import(dry_run)
        self.communes = {row.code: row for row in Commune.objects.all()}
        if not self.communes:
            raise reading.UnreadableFile(
                "Aucune commune n'est encore enregistrée : importez d'abord les communes."
            )
        self.former = dict(FormerCode.objects.values_list("code", "commune__code"))
        payers = {row.pk: row for row in Collectivity.objects.all()}
        self.collectivities = {row.commune_id: row for row in payers.values() if row.commune_id}
        communes = {row.pk: row for row in self.communes.values()}
        self.schools = {row.uai: row for row in School.objects.all()}
        for school in self.schools.values():  # Joined by the database, each would be made anew.
            school.commune = communes[school.commune_id]
            school.payer = payers[school.payer_id]
        self.open_before = Counter(
            row.commune.department_id
            for row in self.schools.values()
            if row.state in OPEN_STATES and row.listed_since
        )
        self.lines: dict[str, int] = {}
        self.covered: set[int] = set()
        self.closed_in_file: set[str] = set()
        self.created: list[School] = []
        self.compared: list[tuple[School, list[Edit]]] = []
        self.positions: dict[str, tuple[float, float] | None] = {}
        self.absent: list[tuple[School, str]] = []
        self.changed: list[School] = []
        self.refreshed: list[School] = []  # Only what no history keeps.

    def read(self, table: reading.Table) -> None:
        self.report.refused += table.refused
        for row in table.rows:
            reason = self._out_of_interest(row)
            if reason:
                self.report.ignored[reason] += 1
                continue
            try:
                self._take(row)
            except (RefusedRow, uai_code.InvalidUAI) as error:
                self.report.refused.append(Refusal(row.line, row["uai"][:40], str(error)))
        self.report.refused.sort(key=lambda refusal: refusal.line)

    def find_closures(self, *, partial: bool) -> None:
        """Find the open schools that the file closes or, in the départements it covers, lacks.

        Where they are more than 5 % of a département's, the file is more likely partial.
        """
        counts: Counter[int] = Counter()
        for code, school in self.schools.items():
            if school.state not in OPEN_STATES or school.closure_proposed_on:
                continue
            is_absent = (
                not partial
                and school.listed_since
                and code not in self.lines
                and school.commune.department_id in self.covered
            )
            if is_absent or code in self.closed_in_file:
                reason = "absente du fichier" if is_absent else "fermée dans le fichier"
                self._note(CLOSURE, "fermeture proposée", school, reason)
                self.absent.append((school, reason))
                counts[school.commune.department_id] += 1
        for department in self.departments.values():
            count, total = counts[department.pk], self.open_before[department.pk]
            if count > total * HELD_ABOVE:
                self.kinds.hold(CLOSURE, _PARTIAL)
                self.kinds.hold(CLOSURE, f"{department} : {count} sur {total}.")

    def settle(self) -> None:
        """Learn which kinds of change are accepted; in a preview, all are looked at."""
        self.report.kinds = self.kinds.settle(known=len(self.compared))
        self.report.is_stale = self.kinds.is_stale
        if not self._accepts(CREATED):
            self.created = []
        self.report.created = [
            Change(school.uai, f"{school.name}, {school.commune}") for school in self.created
        ]
        for school, edits in self.compared:
            self._apply(school, [edit for edit in edits if self._accepts(edit.kind)])
        self.report.completed = len(self.refreshed)
        for school, reason in self.absent if self._accepts(CLOSURE) else []:
            school.closure_proposed_on = self.today
            self.changed.append(school)
            self.report.closures.append(
                Change(school.uai, f"{school.name}, {school.commune.name}", (reason,))
            )

    def _accepts(self, kind: str) -> bool:
        return self.report.dry_run or self.kinds.accepts(kind)

    def _note(self, kind: str, label: str, school: School, said: str = "") -> None:
        """Note what becomes of a school as a whole."""
        name = f"{school.name}, {school.commune.name}"
        self.kinds.propose(school.uai, name, [Edit(kind, label, after=said, is_harmless=True)])

    def write(self, by: User | None) -> None:
        save_rows(
            School,
            self.created,
            self.changed,
            [
                "name",
                "nature",
                "commune",
                "payer",
                "state",
                "closure_proposed_on",
                *OPTIONAL,
                *School.UNTRACKED,
            ],
            by=by,
            reason="Import de l'annuaire des écoles",
        )
        School.objects.bulk_update(self.refreshed, School.UNTRACKED, batch_size=1000)
        follow_payers(by=by)

    def _out_of_interest(self, row: Row) -> str:
        """Why the row is none of ours, "" when it is a public primary school of the region."""
        if row["nature"] not in _NATURES:
            return "autre qu'une école primaire (collège, lycée, service…)"
        if fold(row["sector"]).startswith("prive"):
            return "école privée"
        department = _department(row["department"]) or _department(row["commune"])
        if department and department not in self.departments:
            return OUT_OF_REGION
        return ""

    def _take(self, row: Row) -> None:
        code = uai_code.parse(row["uai"])
        if code in self.lines:
            raise RefusedRow(
                f"école déjà présente à la ligne {self.lines[code]}, qui est seule retenue"
            )
        self.lines[code] = row.line
        if not fold(row["sector"]).startswith("public"):
            raise RefusedRow(f"statut « {row['sector']} » inconnu : « Public » ou « Privé »")
        state = self._state(row)
        commune = self._commune(row)
        school = self.schools.get(code)
        self.covered.add(commune.department_id)
        self.positions[code] = position_of(row)
        if state == NOT_YET_OPEN:
            self.report.ignored["école pas encore ouverte"] += 1
        elif state == School.State.CLOSED:
            self._take_closed(code, school)
        elif school is None:
            self._create(code, row, state, commune)
        else:
            self._compare(school, row, state, commune)

    def _state(self, row: Row) -> str:
        state = STATES.get(fold(row["state"]))
        if state is None:
            raise RefusedRow(f"état « {row['state']} » inconnu")
        return state

    def _commune(self, row: Row) -> Commune:
        code = restore_zeros(row["commune"].upper(), 5)
        commune = self.communes.get(self.former.get(code, code))
        if commune is None:
            raise RefusedRow(
                f"commune {code or 'sans code'} inconnue ({row['commune_name'] or 'sans nom'}) : "
                "importez d'abord le fichier des communes à jour"
            )
        return commune

    def _take_closed(self, code: str, school: School | None) -> None:
        if school is None:
            self.report.ignored["école déjà fermée"] += 1
            return
        self.closed_in_file.add(code)
        if school.state == School.State.CLOSED or school.closure_proposed_on:
            self.report.unchanged += 1

    def _values(self, row: Row, state: str) -> dict:
        """The row's values by field of School; what cannot be read of optional ones is told."""
        values = {
            "name": clean(School, "name", row["name"]),
            "nature": row["nature"],
            "state": state,
            "closure_proposed_on": None,
        }
        for name in OPTIONAL:
            text = row[name]
            if name == "postcode":
                text = restore_zeros(text, 5)
            elif name == "phone":
                text = restore_phone(text)
            elif name == "pupils":
                text = text.replace(" ", "")  # "1 259".
            if not text:  # An empty cell says nothing.
                continue
            try:
                refuse_scientific(School, name, text)
                day = read_date(text).isoformat() if name == "opened_on" else ""
                values[name] = clean(School, name, day or text)
            except (RefusedRow, UnreadableValue) as error:
                self.report.remarks.append(
                    Refusal(row.line, row["uai"][:40], f"laissé de côté, {error}")
                )
        return values

    def _create(self, code: str, row: Row, state: str, commune: Commune) -> None:
        values = self._values(row, state)
        payer = self.collectivities.get(commune.pk)
        if payer is None:
            raise RefusedRow(
                f"la commune {commune} n'a pas de collectivité : importez les communes"
            )
        school = School(uai=code, commune=commune, payer=payer, **values)
        self._follow_untracked(school)
        self.created.append(school)
        self._note(CREATED, "nouvelle école", school)

    def _compare(self, school: School, row: Row, state: str, commune: Commune) -> None:
        values = self._values(row, state)
        if school.commune_id != commune.pk:
            values["commune"] = commune
            own = self.collectivities.get(school.commune_id)
            if own and school.payer_id == own.pk and commune.pk in self.collectivities:
                values["payer"] = self.collectivities[commune.pk]
        if is_same_phone(values.get("phone", ""), school.phone):
            values.pop("phone", None)
        if school.counted_in:
            values.pop("pupils", None)  # Those of the annuaire are of no year that it tells.
        edits = list(_named(differences(school, values)))
        self.compared.append((school, edits))
        self.kinds.propose(school.uai, f"{school.name}, {school.commune.name}", edits)
        if not edits:
            self.report.unchanged += 1

    def _apply(self, school: School, edits: list[Edit]) -> None:
        write_edits(school, edits)
        has_moved = self._follow_untracked(school)
        if edits:
            self.changed.append(school)
            self.report.changed.append(
                Change(
                    school.uai,
                    f"{school.name}, {school.commune.name}",
                    tuple(map(str, edits)),
                    frozenset(edit.field for edit in edits),
                )
            )
        elif has_moved:
            self.refreshed.append(school)

    def _follow_untracked(self, school: School) -> bool:
        """Set what no history keeps, unsaved; tell whether any of it changes."""
        before = [getattr(school, name) for name in School.UNTRACKED]
        school.search_text = school.build_search_text()
        school.listed_since = school.listed_since or self.today
        if position := self.positions.get(school.uai):
            school.latitude, school.longitude = position
        return before != [getattr(school, name) for name in School.UNTRACKED]


def _named(edits: Iterable[Edit]) -> Iterable[Edit]:
    """The edits by what an agent calls them: a state by what it comes to."""
    for edit in edits:
        if edit.field == "state":
            yield replace(edit, kind=f"state_{edit.value}", label=_NEW_STATES[edit.value])
        elif edit.field == "closure_proposed_on":
            label = "fermeture qui n'est plus proposée"
            yield replace(edit, kind="closure_lifted", label=label, loses=False)
        elif edit.field == "payer":
            yield replace(edit, kind="commune")  # Who pays follows the commune.
        else:
            yield edit


def _department(code: str) -> str:
    """Return the code of a département as INSEE writes it: "034", "34", "34337" → "34"."""
    if not code:
        return ""
    if len(code) == 3 and code.startswith("0"):
        return code[1:].upper()
    code = restore_zeros(code, 5) if len(code) >= 4 else code.zfill(2)
    return code[:3] if code.startswith(("97", "98")) else code[:2].upper()
