"""A whole copy of the site: the database at one moment, then every file that it names.

DIR/files/ab/abcd… holds each content once, by its SHA-256, for all backups; DIR/<moment>/ a
database and a manifest. A moment's folder has its name only once all is in it.
"""

import datetime
import io
import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.files.storage import Storage
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import FileField
from django.utils import timezone

from operations import databases, safes

FORMAT = 1
_MANIFEST = "manifest.json"


class Unusable(Exception):
    """Why a backup cannot be made or read (French)."""


@dataclass(frozen=True)
class StoredFile:
    """A file that the database names: in which column ("documents.Document.file"), under which
    name; the SHA-256 of its content and its size in bytes."""

    column: str
    name: str
    sha256: str
    size: int

    @property
    def storage(self) -> Storage:
        """Where the site keeps it."""
        return columns()[self.column].storage


@dataclass(frozen=True)
class Manifest:
    """What a backup holds; `missing` names the files that the site itself had lost."""

    made_at: str
    vendor: str
    database: str
    sha256: str
    counts: dict[str, int]
    files: list[StoredFile]
    missing: list[str]


def columns() -> dict[str, FileField]:
    """Return every column that names files."""
    return {
        f"{model._meta.label}.{field.name}": field
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, FileField)
    }


def names_in(database: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    """Return (column, name) of every file that a database names, each once."""
    found = set()
    quote = database.ops.quote_name
    with database.cursor() as cursor:
        for label, field in columns().items():
            column, table = quote(str(field.column)), quote(field.model._meta.db_table)
            cursor.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} <> ''")  # noqa: S608
            found |= {(label, name) for (name,) in cursor.fetchall()}
    return sorted(found)


def make(folder: Path) -> Path:
    """Back the site up in `folder`, beside earlier backups; return the new one's folder.

    Killed, it leaves nothing that passes for whole. Raises Unusable, Closed, ToolFailed, OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with safes.alone(folder):
        for left in folder.glob("*.part"):
            shutil.rmtree(left)
        for left in folder.glob("files/*.part"):
            left.unlink()
        moment = timezone.now().astimezone(datetime.UTC)
        whole = folder / f"{moment:%Y-%m-%dT%H%M%SZ}"
        part = whole.with_name(f"{whole.name}.part")
        part.mkdir(mode=0o700)
        manifest = _fill(folder, part, moment)
        _write_manifest(manifest, part)
        part.rename(whole)
    return whole


def latest(folder: Path) -> Path:
    """Return the folder of the newest backup. Raises Unusable."""
    found = sorted(path.parent for path in folder.glob(f"*Z/{_MANIFEST}*"))
    if not found:
        raise Unusable(f"Il n’y a aucune sauvegarde entière dans {folder}.")
    return found[-1]


def read_manifest(backup: Path) -> Manifest:
    """Return what a backup says that it holds. Raises Unusable, Closed."""
    found = sorted(backup.glob(f"{_MANIFEST}*")) if backup.suffix != ".part" else []
    if not found:
        raise Unusable(f"{backup} n’est pas une sauvegarde entière.")
    with safes.reading(found[0]) as file:
        content = file.read()
    try:
        said: dict[str, Any] = json.loads(content)
    except ValueError as error:
        raise Unusable(f"Le contenu de {found[0]} est abîmé.") from error
    if said.pop("format") != FORMAT:
        raise Unusable(f"{backup} a été faite par une autre version du site.")
    files = [StoredFile(**file) for file in said.pop("files")]
    return Manifest(**said, files=files)


def place_of(folder: Path, digest: str) -> Path:
    """Return where a content is kept, or would be: in clear or encrypted."""
    clear = folder / "files" / digest[:2] / digest
    encrypted = clear.with_name(f"{digest}.age")
    if safes.suffix():
        return encrypted if encrypted.exists() or not clear.exists() else clear
    return encrypted if encrypted.exists() and not clear.exists() else clear


def _fill(folder: Path, part: Path, moment: datetime.datetime) -> Manifest:
    kept = part / f"database{safes.suffix()}"
    # Never in clear where it is kept encrypted.
    with tempfile.TemporaryDirectory() as aside:
        dump = Path(aside) / "database"
        with databases.dumped(dump) as database:
            counts, names = databases.counts(database), names_in(database)
        with dump.open("rb") as content:
            digest, _ = safes.write(content, kept)
    files, missing = _copy(folder, names)
    return Manifest(
        made_at=moment.isoformat(timespec="seconds"),
        vendor=connection.vendor,
        database=kept.name,
        sha256=digest,
        counts=counts,
        files=files,
        missing=missing,
    )


def _copy(folder: Path, names: list[tuple[str, str]]) -> tuple[list[StoredFile], list[str]]:
    """Copy what is not there yet: a name never changes its content, so it is read once."""
    known = _known(folder)
    files, missing = [], []
    for column, name in names:
        storage = columns()[column].storage
        if not storage.exists(name):
            missing.append(name)
        elif (before := known.get((column, name))) and place_of(folder, before.sha256).exists():
            files.append(before)
        else:
            files.append(_copy_one(folder, column, name, storage))
    return files, missing


def _copy_one(folder: Path, column: str, name: str, storage: Storage) -> StoredFile:
    # Its hash is known once it is read: written aside, then renamed.
    aside = folder / "files" / f"new{safes.suffix()}"
    with storage.open(name) as content:
        digest, size = safes.write(content, aside)
    place = place_of(folder, digest)
    place.parent.mkdir(exist_ok=True)
    aside.replace(place)
    return StoredFile(column, name, digest, size)


def _known(folder: Path) -> dict[tuple[str, str], StoredFile]:
    """Return the files of the newest backup; none where it cannot be read (no key here)."""
    try:
        manifest = read_manifest(latest(folder))
    except (Unusable, safes.Closed):
        return {}
    return {(file.column, file.name): file for file in manifest.files}


def _write_manifest(manifest: Manifest, part: Path) -> None:
    said = json.dumps({"format": FORMAT, **asdict(manifest)}, ensure_ascii=False, indent=1)
    safes.write(io.BytesIO(said.encode()), part / f"{_MANIFEST}{safes.suffix()}")
