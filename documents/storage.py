"""Where frozen files are kept: a folder, or a bucket of an S3-compatible service.

A file is named after its content (`Document.freeze`). Writing the same one twice, even at
the same moment, leaves one file with the same bytes.
"""

import os
import secrets
from typing import IO

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage, storages


def document_storage() -> Storage:
    """Return the storage of frozen files that the settings name."""
    return storages["documents"]


def keep(name: str, content: bytes) -> str:
    """Store `content` under `name`, made of its hash: what exists is left alone. Return `name`."""
    storage = document_storage()
    if not storage.exists(name):
        storage.save(name, ContentFile(content))
    return name


def keep_file(name: str, content: IO[bytes]) -> str:
    """As `keep`, of an open file of any size."""
    storage = document_storage()
    if not storage.exists(name):
        storage.save(name, File(content))
    return name


class DocumentFolder(FileSystemStorage):
    """A folder where a file appears whole or not at all, even if the process is killed."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Return `name`: what exists under it is the same file."""
        return name

    def _save(self, name: str, content: File) -> str:
        part: str = super()._save(  # type: ignore[misc]  # Django's own hook, without types.
            f"{name}.{secrets.token_hex(4)}.part", content
        )
        os.replace(self.path(part), self.path(name))
        return name
