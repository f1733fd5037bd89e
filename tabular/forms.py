"""What an agent types to import an official file: the file, then the agreement to its preview."""

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from incoming.fields import IncomingFileField
from tabular.reading import MAX_BYTES

ACCEPTED = ".csv,.txt,.xlsx,.ods,.xls"


class ImportForm(forms.Form):
    file = IncomingFileField(
        label="Fichier",
        help_text="CSV, XLSX, ODS ou XLS ; rien n'est écrit avant votre accord.",
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
        error_messages={"empty": "Le fichier est vide."},
    )

    def clean_file(self) -> UploadedFile:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise ValidationError(
                f"Le fichier dépasse {MAX_BYTES // 1024 // 1024} Mo : "
                "n'importez que les lignes de votre région."
            )
        return file


class _Tokens(forms.MultipleChoiceField):
    """Kinds of change that are ticked; those that are of no kind are told by the import."""

    def valid_value(self, value: str) -> bool:
        return len(value) <= 80


class ConfirmImportForm(forms.Form):
    """What was previewed, by the fingerprint of its content, and what of it is accepted."""

    digest = forms.RegexField("^[0-9a-f]{64}$", widget=forms.HiddenInput)
    file_name = forms.CharField(max_length=200, required=False, widget=forms.HiddenInput)
    accepted = _Tokens(required=False)
