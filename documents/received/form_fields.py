"""What a person sends of a paper, as a form takes it: a PDF, or photographs of its pages."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from documents.received.uploads import read_copy
from drafts.forms import KeptFileInput

COPY = "Un PDF, ou une photographie par page (JPEG, PNG, HEIC) ; 15 Mo au plus par fichier."


class CopyInput(KeptFileInput):
    """Takes a PDF, or as many photographs as there are pages."""

    allow_multiple_selected = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        accept = "application/pdf,image/jpeg,image/png,image/heic,image/heif,.heic,.heif"
        super().__init__({"accept": accept, **(attrs or {})})


class PdfField(forms.FileField):
    """A PDF sent by a person, or photographs that make one: `documents.received.uploads.UploadedPdf`.

    Read and checked at its field, before anything is written.
    """

    widget = CopyInput

    def __init__(self, *, help_text: str = COPY, **kwargs: Any) -> None:
        super().__init__(help_text=help_text, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        if not data:
            return super().clean(None, initial)
        return self.read([super(PdfField, self).clean(file, initial) for file in data])

    def has_changed(self, initial: Any, data: Any) -> bool:
        """A list without a file is no file."""
        return bool(data)

    def read(self, files: Sequence[UploadedFile]) -> Any:
        return read_copy(files)
