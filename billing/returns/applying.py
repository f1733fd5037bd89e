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
from tabular.sheets import TextTable, read_table

# Times that a return is read again because somebody wrote in the ledger meanwhile.
TRIES = 3
_AT_ONCE = 1000


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

    What is computed is computed outside of it, again if somebody wrote meanwhile. Raises
    EntryRefused for a file applied before.
    """
    table = table_of(received)
    for _ in range(TRIES):
        seen = ledger_version()
        done = Preview(outcomes(table.lines, layout))
        try:
            with writing(seen):
                if ReturnImport.objects.filter(file=received).exists():
                    raise EntryRefused("Ce retour a déjà été appliqué.")
                _write(received, layout, done, by)
        except LedgerMoved:
            continue
        return done
    raise EntryRefused("D'autres écritures ont lieu en même temps : recommencez dans un instant.")


def _write(received: ReturnFile, layout: Layout, done: Preview, by: User) -> None:
    ReturnImport(
        file=received,
        columns=dict(layout.columns),
        states=dict(layout.states),
        default_kind=layout.default_kind,
        by=by,
    ).save()
    rows = [
        ReturnRow(
            file=received,
            line=outcome.line.number,
            cells=list(outcome.line.cells),
            digest=outcome.digest,
            finding=outcome.finding,
            explanation=outcome.explanation,
        )
        for outcome in done.rows
    ]
    kept = ReturnRow.objects.bulk_create(rows, batch_size=_AT_ONCE)
    entries = []
    for row, outcome in zip(kept, done.rows, strict=True):
        if outcome.entry is not None:
            outcome.entry.source, outcome.entry.by = row, by
            entries.append(outcome.entry)
    Entry.objects.bulk_create(entries, batch_size=_AT_ONCE)
