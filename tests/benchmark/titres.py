"""What many titres cost: their workbook beside a bare one, a return, what is owed, the board."""

import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from tempfile import TemporaryFile
from unittest import mock

import xlsxwriter
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from billing import recording
from billing.batches import columns, files
from billing.batches.confirming import confirm
from billing.batches.preparing import Choice, prepare_list
from billing.models import Batch, Titre
from billing.recovery.aged import aged_by_debtor
from billing.recovery.board import build_board
from billing.returns import applying
from billing.returns.layouts import Layout
from lifecycle.triggers import install_triggers, remove_triggers

MANY = 50_000


def measures(campaign, by) -> Iterator[tuple[str, float, str]]:
    """Yield what was measured, its seconds of processor and a note, for a campaign with signed conventions."""
    yield from a_batch(campaign, by)
    batch = Batch.objects.get()
    _multiply(batch)
    bare = min(_timed(lambda: _bare_workbook(batch))[1] for _ in range(2))
    yield f"Classeur nu, {MANY} titres", bare, "xlsxwriter sur les lignes gardées"
    ours = min(_timed(lambda: files.WRITERS["xlsx"](batch, BytesIO()))[1] for _ in range(2))
    yield f"Le nôtre, {MANY} titres", ours, f"{ours / bare:.2f} fois"
    for kind in ("csv", "xlsx"):
        with TemporaryFile() as target:
            memory, seconds = _timed(
                partial(memory_of, partial(files.WRITERS[kind], batch, target))
            )
        yield (
            f"Mémoire de Python, {kind}",
            seconds,
            f"{memory} Mo (mesurés : le temps n'en dit rien)",
        )
    yield from _return(by)
    titres = Titre.objects.all()
    yield "Restes dus", _timed(lambda: aged_by_debtor(titres, timezone.localdate()))[1], ""
    yield "Tableau", _timed(lambda: build_board(campaign, by, Q()))[1], ""


def a_batch(campaign, by) -> Iterator[tuple[str, float, str]]:
    """Request what is due, and yield what that cost."""
    preparation, seconds = _timed(lambda: prepare_list(Choice(campaign), by=by))
    count = preparation.lines.count()
    yield f"Liste d'un lot, {count} conventions", seconds, ""
    preparation.lines.possible().update(is_ticked=True, reason="Mesure.")
    batch, seconds = _timed(lambda: confirm(preparation, by=by))
    yield f"Lot de {batch.titre_count} titres, demandé", seconds, ""


def _return(by) -> Iterator[tuple[str, float, str]]:
    day = f"{timezone.localdate():%d/%m/%Y}"
    references = Titre.objects.order_by("pk").values_list("reference", flat=True)
    rows = [f"{reference};N{n};{day}" for n, reference in enumerate(references)]
    content = "\r\n".join(["Référence;Numéro;Date", *rows]).encode()
    layout = Layout({"reference": 0, "chorus_number": 1, "on": 2}, {}, "issued")
    received, _ = applying.receive("retour.csv", content, by=by)
    found, seconds = _timed(lambda: applying.preview(received, layout))
    yield f"Retour de {len(found.rows)} lignes, lu et rapproché", seconds, ""
    held: list[float] = []
    with mock.patch.object(applying, "writing", partial(_holding, held)):
        _, seconds = _timed(lambda: applying.apply(received, layout, by=by))
    note = f"verrou tenu {held[0]:.2f} s de processeur"
    yield f"Le même, appliqué, {len(found.rows)} écritures", seconds, note


@contextmanager
def _holding(held: list[float], seen: int) -> Iterator[None]:
    """Hold the ledger as a return does; append the seconds of processor that it took."""
    with recording.writing(seen):
        start = time.process_time()
        yield
    held.append(time.process_time() - start)


def _multiply(batch: Batch) -> None:
    """Copy five titres many times, the rules of their claims set aside for that moment."""
    keys = ", ".join(
        str(key) for key in batch.titres.order_by("pk").values_list("pk", flat=True)[:5]
    )
    names = [str(f.column) for f in Titre._meta.concrete_fields if not f.primary_key]
    other = {"reference": "'M-' || id || '-' || n", "rank": "n + 10"}
    into = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(other.get(name, f'"{name}"') for name in names)
    remove_triggers()
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers "
            f"WHERE n < {MANY // 5}) INSERT INTO billing_titre ({into}) "
            f"SELECT {values} FROM billing_titre, numbers WHERE id IN ({keys})"
        )
    install_triggers()


def _bare_workbook(batch: Batch) -> None:
    titres = columns.of_batch(batch)
    with xlsxwriter.Workbook(BytesIO(), {"constant_memory": True}) as workbook:
        for rows in (columns.titre_rows(titres), columns.school_rows(titres)):
            sheet = workbook.add_worksheet()
            for number, row in enumerate(rows):
                for place, value in enumerate(row):
                    if value is None or value == "":
                        continue
                    if isinstance(value, str):
                        sheet.write_string(number, place, value)
                    else:
                        sheet.write(number, place, value)


def _timed(action: Callable):
    """Return what an action gives, and its seconds of processor: others may use the machine."""
    start = time.process_time()
    result = action()
    return result, time.process_time() - start


def memory_of(action: Callable) -> int:
    """Return the most Python memory that an action takes, in MB."""
    tracemalloc.start()
    action()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most // 1024 // 1024
