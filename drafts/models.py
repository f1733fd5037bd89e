"""What somebody typed or chose on a page and has not sent yet: kept a week, for them alone."""

import datetime
import secrets
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db import models, transaction
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

KEPT_FOR = datetime.timedelta(days=7)
# Of a form, what nobody typed; and what is written down nowhere, whatever the form.
_NOT_TYPED = frozenset({"csrfmiddlewaretoken", "draft_seal", "keep_draft", "discard_draft"})
_SECRET = "password"  # noqa: S105 (a part of names of fields)


def draft_storage() -> Storage:
    """Return where chosen files wait: with the documents, so that every host finds them."""
    return storages["documents"]


def place_of(file: "DraftFile", name: str) -> str:
    """Return a name that tells nothing and that nobody guesses."""
    return f"drafts/{secrets.token_hex(16)}"


class DraftQuerySet(models.QuerySet["Draft"]):
    def alive(self) -> "DraftQuerySet":
        """Leave out those that are past their time, deleted or not yet."""
        return self.filter(kept_at__gt=timezone.now() - KEPT_FOR)

    def of(self, owner_id: int | None, page: str) -> "Draft | None":
        """Return what that account left on that page (its path), with its files, or None."""
        return self.alive().filter(owner=owner_id, page=page).prefetch_related("files").first()

    def keep(
        self,
        owner_id: int,
        page: str,
        *,
        typed: Mapping[str, Sequence[str]],
        files: Mapping[str, Sequence[UploadedFile]],
        title: str = "",
    ) -> "Draft":
        """Keep what was typed in place of what was kept before; files field by field.

        `typed` is a form as it was sent. `files` were found sound by their fields: the caller
        has them checked. A field without new files keeps its own, unless `typed` gives them up.
        """
        values = {
            name: [value.replace("\0", "") for value in values]
            for name, values in typed.items()
            if name not in _NOT_TYPED and _SECRET not in name
        }
        kept = {"typed": values, "title": title[:200], "kept_at": timezone.now()}
        with transaction.atomic():
            draft, _ = self.update_or_create(owner_id=owner_id, page=page, defaults=kept)
            gone = {name for name in draft.file_fields() if f"{name}-forget" in typed}
            draft.delete_files(gone | set(files))
            for field, chosen in files.items():
                for file in chosen:
                    draft.add_file(field, file)
        return draft

    def forget(self) -> None:
        """Delete drafts and their files."""
        for draft in self.prefetch_related("files"):
            with transaction.atomic():
                draft.delete_files(draft.file_fields())
                draft.delete()


class Draft(models.Model):
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="drafts",
        verbose_name="saisi par",
    )
    page = models.CharField("page", max_length=300)
    title = models.CharField("titre", max_length=200, blank=True)
    typed = models.JSONField("saisie")
    kept_at = models.DateTimeField("gardé le", db_index=True)

    objects = DraftQuerySet.as_manager()

    class Meta:
        verbose_name = "brouillon"
        ordering = ["-kept_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "page"], name="draft_once_a_page")]

    def __str__(self) -> str:
        return f"{self.title or self.page}, gardé le {self.kept_at:%d/%m/%Y}"

    @property
    def kept_until(self) -> datetime.datetime:
        return self.kept_at + KEPT_FOR

    def file_fields(self) -> set[str]:
        """Return the names of the fields whose files are kept."""
        return {file.field for file in self.files.all()}

    def files_with(
        self, data: Mapping[str, Any], chosen: MultiValueDict
    ) -> "tuple[MultiValueDict[str, UploadedFile], list[DraftFile]]":
        """Return the files of a form that is sent: those chosen now, else those kept of a field.

        What the form gives up (`<field>-forget`) is left out. Beside them, those that the storage
        has lost: they are kept no more.
        """
        files = MultiValueDict({name: chosen.getlist(name) for name in chosen})
        lost = []
        for kept in self.files.all():
            if kept.field not in chosen and f"{kept.field}-forget" not in data:
                try:
                    files.appendlist(kept.field, kept.reopened())
                except FileNotFoundError:
                    lost.append(kept)
        self.files.filter(pk__in=[kept.pk for kept in lost]).delete()
        return files, lost

    def add_file(self, field: str, file: UploadedFile) -> None:
        """Keep a file that its field has found sound."""
        file.seek(0)
        self.files.create(
            field=field,
            name=(file.name or "")[-255:],
            size=file.size or 0,
            content_type=(file.content_type or "")[:100],
            file=file,
        )

    def delete_files(self, fields: Iterable[str]) -> None:
        """Delete the files of these fields; from the storage once the rows are gone for good."""
        gone = self.files.filter(field__in=fields)
        for name in gone.values_list("file", flat=True):
            transaction.on_commit(partial(draft_storage().delete, name))
        gone.delete()


class DraftFile(models.Model):
    draft = models.ForeignKey(
        Draft, on_delete=models.CASCADE, related_name="files", verbose_name="brouillon"
    )
    field = models.CharField("champ", max_length=100)
    name = models.CharField("nom", max_length=255)
    size = models.PositiveBigIntegerField("taille")
    content_type = models.CharField("type", max_length=100, blank=True)
    file = models.FileField("fichier", upload_to=place_of, storage=draft_storage)

    class Meta:
        verbose_name = "fichier d'un brouillon"
        verbose_name_plural = "fichiers des brouillons"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name

    def reopened(self) -> UploadedFile:
        """Return it as if it had just been chosen again."""
        with self.file.open("rb") as content:
            return SimpleUploadedFile(self.name, content.read(), self.content_type)
