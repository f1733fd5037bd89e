"""Files of a backup: by the hash of what they hold, encrypted by age when a key is set."""

import fcntl
import hashlib
import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from django.conf import settings

_CHUNK = 1024 * 1024


class Closed(Exception):
    """Why a file of a backup, or its folder, cannot be written or read (French)."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder of backups or of archives; raises Closed while another process does."""
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Closed(
                "Une autre sauvegarde, ou archive, est en cours dans ce dossier."
            ) from error
        yield


def suffix() -> str:
    """Return what the names of the files of a backup made now end with."""
    return ".age" if settings.BACKUP_AGE_RECIPIENT else ""


def write(source: IO[bytes], target: Path) -> tuple[str, int]:
    """Write `source` to `target`, which appears whole or not at all; return its SHA-256 and size.

    Both are those of what is read, before it is encrypted.
    """
    digest, size = hashlib.sha256(), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    try:
        with _writing(part) as sink:
            for chunk in chunks(source):
                digest.update(chunk)
                size += len(chunk)
                sink.write(chunk)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return digest.hexdigest(), size


@contextmanager
def reading(path: Path) -> Iterator[IO[bytes]]:
    """Give what a file of a backup holds. Raises Closed, at the end where age refuses it."""
    try:
        if path.suffix != ".age":
            with path.open("rb") as file:
                yield file
            return
        if not settings.BACKUP_AGE_IDENTITY:
            raise Closed("La sauvegarde est chiffrée : indiquez la clé par BACKUP_AGE_IDENTITY.")
        command = ["age", "--decrypt", "--identity", settings.BACKUP_AGE_IDENTITY, str(path)]
        with _age(command, stdout=subprocess.PIPE) as output:
            yield output
            output.read()  # What is left, for it to say that all was well.
    except FileNotFoundError as error:
        raise Closed(f"Il manque un fichier à la sauvegarde : {path.name}.") from error


def digest_of(path: Path) -> str:
    """Return the SHA-256 of what a file of a backup holds. Raises Closed."""
    digest = hashlib.sha256()
    with reading(path) as file:
        for chunk in chunks(file):
            digest.update(chunk)
    return digest.hexdigest()


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield what a file holds, a megabyte at a time."""
    while chunk := file.read(_CHUNK):
        yield chunk


@contextmanager
def _writing(path: Path) -> Iterator[IO[bytes]]:
    if not settings.BACKUP_AGE_RECIPIENT:
        with path.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        return
    command = ["age", "--recipient", settings.BACKUP_AGE_RECIPIENT, "--output", str(path)]
    with _age(command, stdin=subprocess.PIPE) as pipe:
        yield pipe


@contextmanager
def _age(command: list[str], **pipes: int) -> Iterator[IO[bytes]]:
    """Run age, giving its one pipe. Raises Closed where it is absent or refuses: never in clear."""
    with tempfile.TemporaryFile() as words:
        try:
            process = subprocess.Popen(command, stderr=words, **pipes)  # type: ignore[call-overload]  # noqa: S603
        except FileNotFoundError as error:
            raise Closed("L’outil age est absent : installez-le (apt-get install age).") from error
        pipe = process.stdin or process.stdout
        try:
            yield pipe
        except BrokenPipeError:
            pass  # It says why below.
        finally:
            # What it no longer reads cannot be flushed either.
            with suppress(BrokenPipeError):
                pipe.close()
            process.wait()
        if process.returncode:
            words.seek(0)
            raise Closed(f"age : {words.read().decode(errors='replace').strip()}")
