"""The files of a batch, from the titres' own columns: made again, they are the same bytes.

Named by their SHA-256, which the batch keeps with their size and which every download checks.
"""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import IO

from django.core.files import File
from django.db import IntegrityError, transaction
from django.db.models import Count, Sum
from django.utils import timezone

from billing.balances import signed_cents
from billing.batches import columns, slip
from billing.ledger import euros
from billing.models import Batch, BatchFile, Titre
from documents.storage import document_storage, keep_file
from tabular import writing
from tabular.writing import Sheet

_BLOCK = 1024 * 1024
CONTENT_TYPES = {**writing.CONTENT_TYPES, "pdf": "application/pdf"}


class FileDamaged(Exception):
    """A stored file is not the one that was written."""


@dataclass(frozen=True)
class Share:
    """The titres of one kind in a batch; `amount` in euros has its sign."""

    kind: str
    titres: int
    schools: int
    amount: Decimal


def shares_of(batch: Batch) -> list[Share]:
    """Return what a batch asks for, kind by kind."""
    sums = {
        kind: (titres, schools, euros(amount))
        for kind, titres, schools, amount in columns.of_batch(batch)
        .order_by()
        .values_list("kind")
        .annotate(titres=Count("pk"), schools=Sum("school_count"), net=Sum(signed_cents()))
    }
    return [Share(str(kind.label), *sums[kind]) for kind in Titre.Kind if kind in sums]


def write_files(batch: Batch) -> None:
    """Write the files of a batch that are not there yet, the slip last: it bears their hashes."""
    for kind, write in WRITERS.items():
        if not batch.files.filter(kind=kind).exists():
            with tempfile.TemporaryFile() as target:
                write(batch, target)
                _keep(batch, kind, target)


def _keep(batch: Batch, kind: str, content: IO[bytes]) -> None:
    content.seek(0)
    sha256 = hashlib.sha256()
    while block := content.read(_BLOCK):
        sha256.update(block)
    digest = sha256.hexdigest()
    size = content.tell()
    content.seek(0)
    name = keep_file(f"titres/{digest[:2]}/{digest}.{kind}", content)
    try:
        with transaction.atomic():
            BatchFile(batch=batch, kind=kind, file=name, sha256=digest, size=size).save()
    except IntegrityError:
        # Another worker wrote the same bytes meanwhile.
        if not BatchFile.objects.filter(batch=batch, kind=kind, sha256=digest).exists():
            raise


def _write_csv(batch: Batch, target: IO[bytes]) -> None:
    rows = columns.titre_rows(columns.of_batch(batch))
    target.writelines(writing.csv_rows(columns.COLUMNS, rows))


def _write_xlsx(batch: Batch, target: IO[bytes]) -> None:
    titres = columns.of_batch(batch)
    totals = [(s.kind, s.titres, s.schools, s.amount) for s in shares_of(batch)]
    whole = ("Ensemble", batch.titre_count, batch.school_count, batch.amount)
    writing.write_workbook(
        target,
        [
            Sheet("Titres", columns.COLUMNS, columns.titre_rows(titres)),
            Sheet("Écoles", columns.SCHOOL_COLUMNS, columns.school_rows(titres)),
            Sheet("Totaux", columns.TOTAL_COLUMNS, [*totals, whole]),
        ],
        title=f"Titres de perception {batch.campaign.school_year}, lot n° {batch.number}",
        created=timezone.make_naive(batch.made_at),
    )


def _write_slip(batch: Batch, target: IO[bytes]) -> None:
    files = list(batch.files.exclude(kind=BatchFile.Kind.SLIP))
    target.write(slip.print_slip(batch, shares_of(batch), files))


WRITERS: dict[str, Callable[[Batch, IO[bytes]], None]] = {
    BatchFile.Kind.CSV: _write_csv,
    BatchFile.Kind.XLSX: _write_xlsx,
    BatchFile.Kind.SLIP: _write_slip,
}


def open_checked(stored: BatchFile) -> File:
    """Return a file of a batch, open, once its size and hash were checked. Raises FileDamaged."""
    try:
        file: File = document_storage().open(str(stored.file.name), "rb")
    except FileNotFoundError as absent:
        raise FileDamaged from absent
    digest = hashlib.sha256()
    size = 0
    while block := file.read(_BLOCK):
        digest.update(block)
        size += len(block)
    if (digest.hexdigest(), size) != (stored.sha256, stored.size):
        file.close()
        raise FileDamaged
    file.seek(0)
    return file
