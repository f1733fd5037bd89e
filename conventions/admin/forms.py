"""What agents type: the facts a verb needs, and lists of schools."""

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone


class NoFactForm(forms.Form):
    """A verb that needs nothing but who does it."""


class SignatureForm(forms.Form):
    on = forms.DateField(
        label="Date de signature",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={
            "required": "Indiquez la date de signature.",
            "invalid": "Indiquez une date, par exemple 10/10/2022.",
        },
    )

    def clean_on(self):
        day = self.cleaned_data["on"]
        if day > timezone.localdate():
            raise ValidationError(
                "Cette date est dans le futur : enregistrez la signature une fois faite."
            )
        return day


class AbandonForm(forms.Form):
    comment = forms.CharField(
        label="Motif",
        help_text="Inscrit au journal de chaque convention.",
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        error_messages={"required": "Indiquez le motif de l'abandon."},
    )


# A form's fields are named after what the verb takes.
VERB_FORMS = {
    "send": NoFactForm,
    "accept": NoFactForm,
    "sign_for_collectivity": SignatureForm,
    "sign_for_region": SignatureForm,
    "abandon": AbandonForm,
}

_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_text(upload) -> str:
    """Return the text of an uploaded list, whatever its encoding.

    Raises ValidationError (French) for a workbook, something else than text, or a file
    larger than `settings.UPLOAD_MAX_BYTES`.
    """
    if upload.size > settings.UPLOAD_MAX_BYTES:
        limit = settings.UPLOAD_MAX_BYTES // 1024**2
        raise ValidationError(f"Ce fichier dépasse {limit} Mo : gardez la seule colonne des codes.")
    content = upload.read()
    if content.startswith(_WORKBOOKS):
        raise ValidationError(
            "Ce fichier est un classeur de tableur. Enregistrez-le au format CSV "
            "(« Enregistrer sous », « CSV »), ou collez la colonne des codes ci-dessus."
        )
    if content.startswith(_UTF_16):
        return content.decode("utf-16", errors="replace")
    if b"\0" in content:
        raise ValidationError("Ce fichier n'est pas un texte : choisissez un fichier CSV ou TXT.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


class EnrolmentForm(forms.Form):
    """Schools by their codes, pasted or uploaded; `cleaned_data["codes"]` is their text."""

    text = forms.CharField(
        label="Codes UAI",
        required=False,
        help_text="Un code par ligne, ou un tableau copié depuis un tableur.",
        widget=forms.Textarea(attrs={"rows": 8, "class": "vLargeTextField", "spellcheck": "false"}),
    )
    upload = forms.FileField(
        label="ou un fichier CSV ou TXT",
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/plain,text/csv"}),
    )

    def clean_upload(self) -> str:
        upload = self.cleaned_data["upload"]
        return read_text(upload) if upload else ""

    def clean(self):
        cleaned = super().clean()
        text, upload = cleaned.get("text", "").strip(), cleaned.get("upload", "").strip()
        if text and upload:
            self.add_error("upload", "Collez des codes ou choisissez un fichier, pas les deux.")
        elif not (text or upload or self.errors):
            self.add_error("text", "Collez au moins un code UAI, ou choisissez un fichier.")
        cleaned["codes"] = cleaned.get("text") if text else upload
        return cleaned
