"""Reading a register's file whatever its variant, and reporting what an import did.

Nothing here knows the database: bytes in, rows by column name out. Exports of the same
register differ by format (CSV, XLSX, ODS, XLS), encoding, line ends, delimiter, order and
names of columns, and by what people put above the header and under the last row.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, islice

from incoming.deadline import OutOfTime
from tabular.folding import fold
from tabular.kinds import Kind
from tabular.workbooks import TooHeavyWorkbook, UnreadableWorkbook, first_sheet, is_workbook
from typography.counting import agreed, counted

MAX_BYTES = 64 * 1024 * 1024  # The national annuaire weighs some 40 MB.
SHOWN = 200  # Rows of each kind that a report lists.
# The widest register has some 80.
MAX_COLUMNS = 500
DELIMITERS = ";,\t"
# Opens a cell that a quote left open has swallowed, not an address on a few lines.
_MAX_LINES_PER_ROW = 20
# Above the header stand at most a title and blank lines.
HEADER_WITHIN = 20
_SIGNATURES = {
    b"PK\x03\x04": "un classeur ou une archive (.xlsx, .ods, .zip)",
    b"\xd0\xcf\x11\xe0": "un ancien classeur Excel (.xls)",
    b"%PDF": "un PDF",
    b"\x1f\x8b": "une archive compressée (.gz)",
}
_SCIENTIFIC = re.compile(r"^\d+([.,]\d+)?E\+?\d+$", re.IGNORECASE)
# Registers hold codes, counts and texts: what a program wrote "55.0", or "55,00", is 55. "1,000"
# is a thousand somewhere else.
_WHOLE = re.compile(r"(\d+)[.,]00?")
_TOTAL = re.compile(r"(sous )?total\b")


class UnreadableFile(ValueError):
    """The file as a whole cannot be imported; the message (French) says what to do."""


@dataclass(frozen=True)
class Column:
    """A column to look for: the names it bears from one export to the next.

    When a file holds several of them, the first of `aliases` wins.
    """

    name: str
    aliases: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True)
class Refusal:
    """A row that was left out, so that it can be found in the file and corrected."""

    line: int
    identifier: str
    reason: str


@dataclass(frozen=True)
class Change:
    """A thing created, changed or proposed for closure; `details` says what changes.

    `fields` names what changes, for who has something to do with it.
    """

    identifier: str
    label: str
    details: tuple[str, ...] = ()
    fields: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return " ".join([self.identifier, self.label, *(f"[{detail}]" for detail in self.details)])


@dataclass
class Report:
    """What an import did, or would do (`dry_run`).

    `kinds` are what it changes, kind by kind, and `is_stale` tells that it is not what was
    shown: nothing was written then. An import without kinds is taken whole.
    """

    dry_run: bool = False
    created: list[Change] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    unchanged: int = 0
    # Of the unchanged: written all the same, in what no history keeps.
    completed: int = 0
    closures: list[Change] = field(default_factory=list)
    mergers: list[Change] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    # Of rows taken: what could not be read of them, or is to be known.
    remarks: list[Refusal] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)
    kinds: list[Kind] = field(default_factory=list)
    is_stale: bool = False

    @property
    def counts(self) -> list[tuple[str, int]]:
        """(French label, count), in the order a person reads them."""
        created, changed = len(self.created), len(self.changed)
        counts = [
            ("à créer" if self.dry_run else agreed("créée", created), created),
            ("à modifier" if self.dry_run else agreed("modifiée", changed), changed),
            (agreed("inchangée", self.unchanged), self.unchanged),
            (agreed("ligne refusée", len(self.refused)), len(self.refused)),
            (agreed("ligne ignorée", self.ignored.total()), self.ignored.total()),
        ]
        if self.completed:
            counts.insert(3, (f"dont {agreed('complétée', self.completed)}", self.completed))
        if self.mergers:
            counts.insert(3, (agreed("fusion", len(self.mergers)), len(self.mergers)))
        if self.closures:
            proposed = agreed("fermeture proposée", len(self.closures))
            counts.insert(3, (proposed, len(self.closures)))
        return counts

    @property
    def ignored_reasons(self) -> list[tuple[str, int]]:
        """(French reason, count) of the rows left aside, the most frequent first."""
        return self.ignored.most_common()

    @property
    def changes_nothing(self) -> bool:
        changes = (self.created, self.changed, self.completed, self.closures, self.mergers)
        return not (any(changes) or self.kinds)

    @property
    def left_out(self) -> list[Kind]:
        """The kinds of change that are not accepted."""
        return [kind for kind in self.kinds if not kind.is_accepted]

    def lines(self) -> Iterator[str]:
        """The report as a command prints it: counts, then the rows to look at."""
        yield ", ".join(f"{count} {label}" for label, count in self.counts)
        for reason, count in self.ignored_reasons:
            yield f"  ignorées : {count} — {reason}"
        yield from _listed(f"  modifiée : {change}" for change in self.changed)
        yield from _listed(f"  fusion : {merger}" for merger in self.mergers)
        yield from _listed(f"  fermeture proposée : {closure}" for closure in self.closures)
        yield from _listed(
            f"  ligne {each.line} ({each.identifier}) : {each.reason}" for each in self.remarks
        )
        yield from _listed(
            f"  ligne {refusal.line} refusée ({refusal.identifier}) : {refusal.reason}"
            for refusal in self.refused
        )
        for kind in self.left_out:
            yield f"  retenu : {kind.label} : {kind.count} ({kind.key}). {kind.held}".rstrip()


def _listed(lines: Iterator[str]) -> Iterator[str]:
    yield from islice(lines, SHOWN)
    left = sum(1 for _ in lines)
    if left:
        yield f"  … et {left} autres"


@dataclass(frozen=True)
class Row:
    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        """The cell without outer or doubled spaces, "" where the file has no such column."""
        return self.cells.get(column, "")


@dataclass
class Table:
    rows: list[Row]
    refused: list[Refusal]


def read(content: bytes, columns: Sequence[Column]) -> Table:
    """Return the rows of a CSV or a workbook's first sheet, by the names of `columns`.

    The header is the row that names most of them among the first twenty; blank rows and rows
    of totals are passed over. Rows of a CSV that do not have as many cells as the header are
    refused one by one. Raises UnreadableFile when nothing can be made of the file: another
    kind of file, too large, empty, or without a required column.
    """
    lines = lines_of(content, columns)
    first = list(islice(lines, HEADER_WITHIN))
    best = max(range(len(first)), key=lambda i: len(places_of(first[i][1], columns)), default=None)
    if best is None:
        raise UnreadableFile("Le fichier est vide.")
    header = _without_tail(first[best][1])
    places = places_of(header, columns)
    in_csv = not is_workbook(content)
    _refuse_missing(columns, places, header, "du fichier" if in_csv else "de la première feuille")
    table = Table([], [])
    for line, cells in chain(first[best + 1 :], lines):
        # Beside the table of a workbook stand notes; in a CSV, what a wrong separator moved.
        if in_csv and (len(cells) < len(header) or any(cells[len(header) :])):
            if not _is_total(cells):
                table.refused.append(_misplaced(line, cells, len(header)))
            continue
        # A row of a workbook ends with its last filled cell.
        width = len(cells)
        row = Row(line, {name: _cell(cells[i]) if i < width else "" for name, i in places.items()})
        if not (_is_total(cells) and _lacks(row, columns)):
            table.rows.append(row)
    if not table.rows and not table.refused:
        raise UnreadableFile("Le fichier ne contient aucune ligne sous ses en-têtes.")
    return table


def has_columns(content: bytes, columns: Sequence[Column]) -> bool:
    """Tell whether a row near the top of a file names all columns that are required.

    Raises UnreadableFile.
    """
    required = {column.name for column in columns if column.required}
    first = islice(lines_of(content, columns), HEADER_WITHIN)
    return any(required <= places_of(cells, columns).keys() for _, cells in first)


def lines_of(content: bytes, columns: Sequence[Column] = ()) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield (line from 1, cells) of the rows that are not blank, from a CSV or a workbook.

    The delimiter of a CSV is the one that makes most of `columns` recognised, then most cells.
    Raises UnreadableFile.
    """
    _refuse_too_large(content)
    if not is_workbook(content):
        yield from _csv_lines(decode(content), columns)
        return
    try:
        rows = first_sheet(content)
    except TooHeavyWorkbook:
        raise UnreadableFile(
            "Ce classeur demande trop de calcul ou de mémoire pour être lu : copiez les seules "
            "lignes et colonnes de la liste dans un nouveau classeur, ou choisissez « Enregistrer "
            "sous », type « CSV UTF-8 », puis envoyez ce fichier."
        ) from None
    except OutOfTime as late:
        raise UnreadableFile(late.message) from None
    except UnreadableWorkbook:
        raise UnreadableFile(
            "Ce classeur est illisible : ouvrez-le dans votre tableur et enregistrez-le de nouveau, "
            "ou choisissez « Enregistrer sous », type « CSV UTF-8 »."
        ) from None
    yield from ((n, _narrow(cells)) for n, cells in enumerate(rows, start=1) if any(cells))


def _csv_lines(text: str, columns: Sequence[Column]) -> Iterator[tuple[int, Sequence[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, columns))
    start = 1
    try:
        for cells in reader:
            line, start = start, reader.line_num + 1
            if reader.line_num - line >= _MAX_LINES_PER_ROW:
                raise UnreadableFile(
                    f"Un guillemet ouvert à la ligne {line} n'est pas refermé : "
                    "corrigez cette ligne ou reprenez le fichier d'origine."
                )
            if any(cell.strip() for cell in cells):
                yield line, _narrow(cells)
    except csv.Error:
        raise UnreadableFile(
            f"La ligne {start} est illisible : un guillemet n'est sans doute pas refermé. "
            "Corrigez-la ou reprenez le fichier d'origine."
        ) from None


def _delimiter(text: str, columns: Sequence[Column]) -> str:
    """The delimiter under which a row near the top names most columns, or most rows have cells."""

    def recognised(delimiter: str) -> tuple[int, int, int]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        rows: list[list[str]] = []
        # A quote left open is told by who reads all rows.
        with suppress(csv.Error):
            rows.extend(islice((row[:MAX_COLUMNS] for row in reader if any(row)), HEADER_WITHIN))
        return (
            max((len(places_of(row, columns)) for row in rows), default=0),
            sum(len(row) > 1 for row in rows),
            max(map(len, rows), default=0),
        )

    return max(DELIMITERS, key=recognised)


def _narrow(cells: Sequence[str]) -> Sequence[str]:
    """Return a row without the empty cells that no list has; raises UnreadableFile for others."""
    if any(cells[MAX_COLUMNS:]):
        raise UnreadableFile(
            f"Le fichier a plus de {MAX_COLUMNS} colonnes : gardez celles de la liste, ou "
            "vérifiez que les lignes n'ont pas été mises bout à bout."
        )
    return cells[:MAX_COLUMNS]


def _cell(text: str) -> str:
    plain = " ".join(text.split())
    whole = _WHOLE.fullmatch(plain)
    return whole[1] if whole else plain


def _without_tail(header: Sequence[str]) -> Sequence[str]:
    """The header without the empty cells that a spreadsheet leaves at its end."""
    width = max(i for i, cell in enumerate(header, start=1) if cell.strip())
    return header[:width]


def _is_total(cells: Sequence[str]) -> bool:
    first = next(cell for cell in cells if cell.strip())
    return bool(_TOTAL.match(fold(first)))


def _lacks(row: Row, columns: Sequence[Column]) -> bool:
    """Tell whether a cell that rows must have is empty."""
    wanted = [column.name for column in columns if column.required] or list(row.cells)
    return not all(row[name] for name in wanted)


def _misplaced(line: int, cells: Sequence[str], width: int) -> Refusal:
    return Refusal(
        line,
        cells[0][:40],
        f"{counted(len(cells), 'colonne')} au lieu de {width} : un séparateur ou un "
        "guillemet est mal placé",
    )


def _refuse_missing(
    columns: Sequence[Column], places: dict[str, int], header: Sequence[str], where: str
) -> None:
    missing = [column for column in columns if column.required and column.name not in places]
    if places and not missing:
        return
    present = ", ".join(f"« {cell.strip()[:40]} »" for cell in header[:100] if cell.strip())
    wanted = ", ".join(f"« {column.aliases[0]} »" for column in missing)
    problem = f"Colonnes introuvables : {wanted}." if missing else "Aucune colonne connue."
    raise UnreadableFile(f"{problem} Les en-têtes {where} sont : {present}.")


def is_scientific(text: str) -> bool:
    """Tell whether a spreadsheet turned a code into a number ("2,17003E+13")."""
    return bool(_SCIENTIFIC.match(text.replace(" ", "")))


def decode(content: bytes) -> str:
    """Return the text of an uploaded list or export, whatever its encoding.

    Raises UnreadableFile for a workbook, another kind of file, or an empty one.
    """
    _refuse_too_large(content)
    for signature, kind in _SIGNATURES.items():
        if content.startswith(signature):
            raise UnreadableFile(
                f"Ce fichier est {kind}, pas un fichier CSV : "
                "dans votre tableur, choisissez « Enregistrer sous », type « CSV UTF-8 »."
            )
    text = _text(content)
    if "\0" in text:
        raise UnreadableFile(
            "Ce fichier n'est pas un fichier texte : choisissez l'export au format CSV."
        )
    if not text.strip():
        raise UnreadableFile("Le fichier est vide.")
    return text


def _refuse_too_large(content: bytes) -> None:
    if len(content) > MAX_BYTES:
        raise UnreadableFile(
            f"Le fichier dépasse {MAX_BYTES // 1024 // 1024} Mo : "
            "n'importez que les lignes de votre région."
        )


def _text(content: bytes) -> str:
    encodings: tuple[str, ...] = ("utf-8-sig", "cp1252")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ("utf-16",)  # A spreadsheet's "texte Unicode".
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableFile(
        "Les caractères de ce fichier sont illisibles : enregistrez-le au format « CSV UTF-8 »."
    )


def places_of(header: Sequence[str], columns: Sequence[Column]) -> dict[str, int]:
    """Column name → its place; the header's case, accents, spaces, underscores do not count."""
    seen: dict[str, int] = {}
    for i, cell in enumerate(header):
        seen.setdefault(_key(cell), i)
    places = {}
    for column in columns:
        matches = [seen[_key(alias)] for alias in column.aliases if _key(alias) in seen]
        if matches:
            places[column.name] = matches[0]
    return places


def _key(header: str) -> str:
    return fold(header.replace("\ufeff", "")).replace(" ", "")
