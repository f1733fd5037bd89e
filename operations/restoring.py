"""A backup put back, or tried: its database filled, its files read, all of it compared."""

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.core.files import File
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from documents.storage import document_storage
from operations import backups, databases, safes
from operations.backups import Manifest, StoredFile, Unusable
from tabular import waiting_files


def restore(backup: Path, into: BaseDatabaseWrapper) -> list[str]:
    """Fill an empty database and the storages from a backup; return what is wrong (French).

    Raises Unusable where the database is not empty, of another kind, or the backup is not whole.
    """
    manifest = backups.read_manifest(backup)
    faults = list(_fill(backup, manifest, into))
    for file in manifest.files:
        if fault := _put_back(backup.parent, file):
            faults.append(fault)
    return faults


def verify(backup: Path) -> list[str]:
    """Fill a database made for that from a backup, read each of its files; return what is wrong."""
    manifest = backups.read_manifest(backup)
    with databases.temporary() as database:
        faults = list(_fill(backup, manifest, database))
    faults += [fault for file in manifest.files if (fault := _fault_of(backup.parent, file))]
    return faults


def orphans() -> tuple[list[str], list[str]]:
    """Return the files of the documents' storage that nothing names, and the names without file."""
    named = {name for _, name in backups.names_in(connection)}
    lost = [
        name
        for column, name in backups.names_in(connection)
        if not backups.columns()[column].storage.exists(name)
    ]
    kept = {
        name for name in _stored() if not name.startswith(f"{waiting_files.FOLDER}/")
    }  # Those expire.
    return sorted(kept - named), lost


def _fill(backup: Path, manifest: Manifest, into: BaseDatabaseWrapper) -> Iterator[str]:
    if manifest.vendor != into.vendor:
        raise Unusable(
            f"La sauvegarde est d’une base {manifest.vendor}, celle-ci est {into.vendor}."
        )
    with into.cursor() as cursor:
        if into.introspection.table_names(cursor):
            raise Unusable("La base n’est pas vide : restaurez dans une base neuve.")
    kept = backup / manifest.database
    with tempfile.NamedTemporaryFile() as clear:
        with safes.reading(kept) as content:
            for chunk in safes.chunks(content):
                clear.write(chunk)
        clear.flush()
        # In clear by now, whatever the name of the one that was kept.
        if safes.digest_of(Path(clear.name)) != manifest.sha256:
            raise Unusable(
                "Le fichier de la base de données est abîmé : prenez une autre sauvegarde."
            )
        databases.load(Path(clear.name), into)
    found = databases.counts(into)
    for table in sorted(manifest.counts.keys() | found.keys()):
        before, after = manifest.counts.get(table), found.get(table)
        if before != after:
            yield f"{table} : {before} lignes sauvegardées, {after} restaurées."


def _fault_of(folder: Path, file: StoredFile) -> str:
    """Return what is wrong with a file of a backup; "" when nothing is."""
    try:
        digest = safes.digest_of(backups.place_of(folder, file.sha256))
    except safes.Closed as error:
        return f"{file.name} : {error}"
    return "" if digest == file.sha256 else f"{file.name} est abîmé."


def _put_back(folder: Path, file: StoredFile) -> str:
    if fault := _fault_of(folder, file):
        return fault
    try:
        if not file.storage.exists(file.name):
            with safes.reading(backups.place_of(folder, file.sha256)) as content:
                file.storage.save(file.name, File(content))
        with file.storage.open(file.name) as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:  # The database is filled by now: the others are put back.
        return f"{file.name} : {error}"
    return "" if digest == file.sha256 else f"{file.name} est déjà là, avec un autre contenu."


def _stored(folder: str = "") -> Iterator[str]:
    """Yield the names of all that the documents' storage holds."""
    storage = document_storage()
    folders, files = storage.listdir(folder) if not folder or storage.exists(folder) else ([], [])
    prefix = f"{folder}/" if folder else ""
    yield from (f"{prefix}{name}" for name in files)
    for name in folders:
        yield from _stored(f"{prefix}{name}")
