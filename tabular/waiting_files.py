"""Files of an import between its preview and its confirmation: by their hash, for a day."""

import datetime
import hashlib

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

FOLDER = "imports"
_KEPT = datetime.timedelta(days=1)


def keep(content: bytes) -> str:
    """Keep the file until it is confirmed; return its SHA-256."""
    digest = hashlib.sha256(content).hexdigest()
    if not default_storage.exists(_name(digest)):
        default_storage.save(_name(digest), ContentFile(content))
    return digest


def read(digest: str) -> bytes | None:
    """Return the file of that SHA-256; None when it is not kept, or no more."""
    if not default_storage.exists(_name(digest)):
        return None
    with default_storage.open(_name(digest)) as file:
        content: bytes = file.read()
    return content


def forget_old() -> int:
    """Delete what was not confirmed within a day; return how many files that is."""
    _, names = default_storage.listdir(FOLDER) if default_storage.exists(FOLDER) else ([], [])
    since = timezone.now() - _KEPT
    old = [name for name in names if default_storage.get_modified_time(f"{FOLDER}/{name}") < since]
    for name in old:
        default_storage.delete(f"{FOLDER}/{name}")
    return len(old)


def _name(digest: str) -> str:
    return f"{FOLDER}/{digest}.csv"
