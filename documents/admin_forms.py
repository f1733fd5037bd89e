"""What agents type, a text or the file that holds it; what a visitor has verified."""

import re

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from dsfr.forms import DsfrBaseForm

from communes.importing import UnreadableFile, decode
from documents.models import StaleText, TextModel
from documents.proofreading import MAX_LENGTH
from documents.references import read_reference
from documents.texts import TextFile, UnreadableText, read_file

_REFERENCE = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+){3,}")
MAX_FILE = 4 * MAX_LENGTH  # A character takes four bytes at most.


class TextForm(forms.ModelForm):
    """A draft, with the revision that its reader saw."""

    seen = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = TextModel
        fields = ("title", "body")
        widgets = {
            "title": forms.TextInput(attrs={"class": "vTextField"}),
            "body": forms.Textarea(
                attrs={"class": "text-body", "rows": 32, "spellcheck": "true", "lang": "fr"}
            ),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = self.instance.revision

    def clean(self):
        cleaned = super().clean()
        is_last = cleaned.get("seen") == self.instance.revision and not self.instance.is_published
        if self.instance.pk and not is_last:
            self.add_error(None, StaleText())
        return cleaned


class TextFileForm(forms.Form):
    """A text as a file; `cleaned_data["file"]` is a TextFile."""

    file = forms.FileField(
        label="Fichier Markdown",
        help_text="Un fichier .md exporté d'ici, ou qui commence par le même en-tête.",
        widget=forms.FileInput(attrs={"accept": ".md,.markdown,.txt,text/markdown,text/plain"}),
        error_messages={"empty": "Ce fichier est vide.", "required": "Choisissez un fichier."},
    )

    def clean_file(self) -> TextFile:
        upload = self.cleaned_data["file"]
        if upload.size > MAX_FILE:
            raise ValidationError(
                f"Ce fichier dépasse {MAX_FILE // 1000} ko : un texte compte une quarantaine de "
                "pages au plus."
            )
        try:
            return read_file(decode(upload.read()))
        except (UnreadableFile, UnreadableText) as error:
            raise ValidationError(str(error)) from None


class ReferenceForm(DsfrBaseForm):
    reference = forms.CharField(
        label="Référence du document",
        max_length=200,
        help_text="Imprimée en haut de la première page, par exemple ENT-2022-34337-C-K7XJ4R9P.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Recopiez la référence imprimée sur le document."},
    )

    def clean_reference(self) -> str:
        reference = read_reference(self.cleaned_data["reference"])
        if not _REFERENCE.fullmatch(reference):
            raise ValidationError(
                "Cette référence est incomplète : recopiez-la en entier, par exemple "
                "ENT-2022-34337-C-K7XJ4R9P."
            )
        return reference


class FileToVerifyForm(DsfrBaseForm):
    file = forms.FileField(
        label="Fichier PDF",
        help_text="15 Mo au plus. Le fichier est comparé puis oublié : il n'est pas conservé.",
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf"}),
        error_messages={
            "required": "Choisissez le fichier à vérifier.",
            "empty": "Ce fichier est vide. Vérifiez qu'il s'ouvre sur votre poste.",
        },
    )

    def clean_file(self) -> bytes:
        """Return the bytes of the file."""
        file = self.cleaned_data["file"]
        limit = settings.UPLOAD_MAX_BYTES
        if file.size > limit:
            raise ValidationError(
                f"Ce fichier dépasse {limit // (1024 * 1024)} Mo : un document émis par ce site est "
                "bien plus petit. Vérifiez-le par sa référence."
            )
        content = file.read()
        if not content.startswith(b"%PDF-"):
            raise ValidationError(
                "Ce fichier n'est pas un PDF. Choisissez le fichier reçu, sans le convertir."
            )
        return content
