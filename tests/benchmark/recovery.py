"""What a disaster costs: every paper with a file of its own, backed up, verified, restored."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection

from documents.models import Document
from documents.storage import document_storage
from lifecycle.triggers import install_triggers, remove_triggers
from operations import backups, databases, restoring

_MEGABYTE = 1024 * 1024


def measures(folder: Path) -> Iterator[tuple[str, float, str]]:
    """Yield what was done, its seconds and a note; backups go to `folder`, which is not there."""
    written = _a_file_for_each_document()
    media = Path(settings.MEDIA_ROOT)
    yield "Fichiers des documents, un pour chacun", 0, f"{written} fichiers, {_size(media)} Mo"
    backup, seconds = _timed(lambda: backups.make(folder))
    database = next(backup.glob("database*")).stat().st_size // _MEGABYTE
    yield "Première sauvegarde", seconds, f"base {database} Mo, {_size(folder)} Mo en tout"
    time.sleep(1)  # A backup is named by its second.
    backup, seconds = _timed(lambda: backups.make(folder))
    yield "Suivante, sans document nouveau", seconds, f"{_size(folder)} Mo en tout"
    faults, seconds = _timed(lambda: restoring.verify(backup))
    yield "Vérification", seconds, f"{len(faults)} défaut(s)"
    media.rename(media.with_name("lost"))
    with databases.temporary() as empty:
        faults, seconds = _timed(lambda: restoring.restore(backup, empty))
    yield "Restauration, base et fichiers", seconds, f"{len(faults)} défaut(s)"


def _a_file_for_each_document() -> int:
    """Give each document a copy of its file that differs from all others; return how many."""
    storage = document_storage()
    remove_triggers()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE documents_document SET file = 'bench/' || (id % 256) || '/' || id")
    contents = _papers()
    keys = Document.objects.order_by("pk").values_list("pk", flat=True)
    for number, key in enumerate(keys.iterator()):
        path = Path(storage.path(f"bench/{key % 256}/{key}"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents[number % len(contents)] + str(key).encode())
    install_triggers()
    return len(keys)


def _papers() -> list[bytes]:
    """Return the first papers that were printed, as they are long."""
    found = sorted(Path(settings.MEDIA_ROOT).rglob("*.pdf"))[:200]
    return [path.read_bytes() for path in found]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) // _MEGABYTE


def _timed(action: Callable):
    start = time.perf_counter()
    result = action()
    return result, time.perf_counter() - start
