"""A return applied: all its rows kept, those that could be written in the ledger, at once."""

import hashlib
from collections import Counter
from dataclasses import dataclass

from django.core.files.base import File

from accounts.models import User
from billing.models import Entry
from billing.recording import EntryRefused, LedgerMoved, ledger_version, writing
from billing.returns.layouts import Layout, signature_of
from billing.returns.matching import Outcome, outcomes
from billing.returns.models import Finding, ReturnFile, ReturnImport, ReturnRow
from documents.storage import keep
from lifecycle.insertion import Insertion, LookedUp, insertion_of
from tabular.sheets import TextTable, read_table

# Times that a return is read again because somebody wrote in the ledger meanwhile.
TRIES = 3
# The key of a row of a return, known once it is written.
_ROW = f"SELECT id FROM {ReturnRow._meta.db_table} WHERE file_id = %s AND line = %s"  # noqa: S608


@dataclass(frozen=True)
class Preview:
    """What would be made of a return: its rows by what was found of them."""

    rows: list[Outcome]

    @property
    def counts(self) -> list[tuple[Finding, int]]:
        """How many rows of each finding, in its order; what is absent is left out."""
        found = Counter(row.finding for row in self.rows)
        return [(finding, found[finding]) for finding in Finding if found[finding]]


def receive(name: str, content: bytes, *, by: User) -> tuple[ReturnFile, bool]:
    """Keep a file as it came; tell too whether it is new. Raises UnreadableFile."""
    sha256 = hashlib.sha256(content).hexdigest()
    if known := ReturnFile.objects.filter(sha256=sha256).first():
        return known, False
    table = read_table(content)
    stored = keep(f"retours/{sha256[:2]}/{sha256}", content)
    file = ReturnFile(
        name=name[-255:],
        file=stored,
        sha256=sha256,
        size=len(content),
        signature=signature_of(table.headers),
        received_by=by,
    )
    file.save()
    return file, True


def table_of(received: ReturnFile) -> TextTable:
    """Return the rows of a file received."""
    opened: File = received.file.open("rb")
    with opened:
        return read_table(opened.read())


def preview(received: ReturnFile, layout: Layout) -> Preview:
    """Return what would be made of a file; nothing is written."""
    return Preview(outcomes(table_of(received).lines, layout))


def apply(received: ReturnFile, layout: Layout, *, by: User) -> Preview:
    """Write what a return tells, and keep all its rows, in one transaction; return what was done.

    What is computed is computed outside of it, again if somebody wrote meanwhile: other writers
    wait for the database's own work alone. Raises EntryRefused for a file applied before.
    """
    table = table_of(received)
    for _ in range(TRIES):
        seen = ledger_version()
        done = Preview(outcomes(table.lines, layout))
        rows, entries = _insertions(received, done, by)
        try:
            with writing(seen):
                if ReturnImport.objects.filter(file=received).exists():
                    raise EntryRefused("Ce retour a déjà été appliqué.")
                _keep_import(received, layout, by)
                rows.execute()
                entries.execute()
        except LedgerMoved:
            continue
        return done
    raise EntryRefused("D'autres écritures ont lieu en même temps : recommencez dans un instant.")


def _keep_import(received: ReturnFile, layout: Layout, by: User) -> None:
    ReturnImport(
        file=received,
        columns=dict(layout.columns),
        states=dict(layout.states),
        default_kind=layout.default_kind,
        by=by,
    ).save()


def _insertions(received: ReturnFile, done: Preview, by: User) -> tuple[Insertion, Insertion]:
    """Return what inserts the rows of a return, then what inserts their entries."""
    rows = [
        ReturnRow(
            file=received,
            line=outcome.line.number,
            cells=list(outcome.line.cells),
            digest=outcome.digest,
            finding=outcome.finding,
            explanation=outcome.explanation,
        )
        # In the order of the index of digests: each of its pages is then written once.
        for outcome in sorted(done.rows, key=lambda outcome: outcome.digest)
    ]
    entries, sources = [], []
    for outcome in done.rows:
        if outcome.entry is not None:
            outcome.entry.by = by
            entries.append(outcome.entry)
            sources.append((received.pk, outcome.line.number))
    source = LookedUp("source_id", _ROW, sources)
    return insertion_of(ReturnRow, rows), insertion_of(Entry, entries, source)
