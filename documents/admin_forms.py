"""What agents type: a text, or the file that holds it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from documents.models import StaleText, TextModel
from documents.wording.proofreading import MAX_LENGTH
from documents.wording.texts import TextFile, UnreadableText, read_file
from incoming.fields import IncomingFileField
from tabular.reading import UnreadableFile, decode

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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = self.instance.revision

    def clean(self) -> None:
        super().clean()
        seen = self.cleaned_data.get("seen")
        is_last = seen == self.instance.revision and not self.instance.is_published
        if self.instance.pk and not is_last:
            self.add_error(None, StaleText())


def new_text_form(kind: str) -> type[TextForm]:
    """Return the form of a text that does not exist yet: the next version of its nature."""

    class NewTextForm(TextForm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            new = TextModel(kind=kind, version=TextModel.next_version(kind))
            super().__init__(*args, **{**kwargs, "instance": new})

    return NewTextForm


class TextFileForm(forms.Form):
    """A text as a file; `cleaned_data["file"]` is a TextFile."""

    file = IncomingFileField(
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
