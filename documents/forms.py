"""What a visitor gives to have a document verified: its reference, or its file."""

import re

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from dsfr.forms import DsfrBaseForm

from documents.references import read_reference
from incoming.fields import IncomingFileField

_REFERENCE = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+){3,}")


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
    file = IncomingFileField(
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
