"""What agents type: the facts a verb needs, and lists of schools."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from conventions.enrolment.codes import text_of
from conventions.exchanges.models import Message
from conventions.lifecycle import State
from conventions.models import Convention
from conventions.terminations.models import Termination
from conventions.terminations.steps import EndingStep
from documents.received.form_fields import PdfField
from incoming.fields import IncomingFileField
from lifecycle.plausible import DateInput
from tabular.forms import ACCEPTED
from tabular.reading import UnreadableFile
from town_hall.forms.files import MESSAGE_LENGTH


class NoFactForm(forms.Form):
    """A verb that needs nothing but who does it."""


class SendForm(forms.Form):
    """What is asked of a sending in bulk."""

    only_reached = forms.BooleanField(
        label="N'envoyer qu'à celles qu'un courriel atteint",
        required=False,
        help_text="Les autres restent préparées : donnez-leur une adresse ou invitez quelqu'un, "
        "puis envoyez-les.",
    )


class SignatureForm(forms.Form):
    on = forms.DateField(
        label="Date de signature",
        widget=DateInput,
        error_messages={
            "required": "Indiquez la date de signature.",
            "invalid": "Indiquez une date, par exemple 10/10/2022.",
        },
    )


class TerminationForm(forms.Form):
    """A step of article 11: who acts, its date and, for a letter, what it says."""

    side = forms.ChoiceField(
        label="À l'initiative de",
        choices=Termination.Side,
        initial=Termination.Side.REGION,
        help_text="N'agissez à la place de la collectivité que si elle vous l'a demandé.",
    )
    on = forms.DateField(
        widget=DateInput,
        error_messages={
            "required": "Indiquez la date.",
            "invalid": "Indiquez une date, par exemple 10/10/2022.",
        },
    )

    def __init__(self, *args: Any, step: EndingStep, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].label = step.date_label
        if step.verb != "give_formal_notice":
            del self.fields["side"]
        if step.text:
            self.fields[step.text] = forms.CharField(
                label=step.text_label,
                max_length=MESSAGE_LENGTH,
                widget=forms.Textarea(attrs={"rows": 8, "class": "vLargeTextField"}),
                help_text=step.text_help,
            )


class AbandonForm(forms.Form):
    comment = forms.CharField(
        label="Motif",
        help_text="Inscrit au journal de chaque convention.",
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        error_messages={"required": "Indiquez le motif de l'abandon."},
    )


class _AttachmentForm(forms.Form):
    attachment = PdfField(label="Pièce jointe", required=False)


class AnswerForm(_AttachmentForm):
    """The rectorat's answer to a request for correction, sent with the file."""

    comment = forms.CharField(
        label="Réponse à la collectivité",
        required=False,
        max_length=MESSAGE_LENGTH,
        help_text="Facultative. Elle s'ajoute aux échanges du dossier.",
        widget=forms.Textarea(attrs={"rows": 5, "class": "vLargeTextField"}),
    )
    field_order = ("comment", "attachment")


class CorrectionForm(_AttachmentForm):
    subject = forms.ChoiceField(label="Sujet", choices=Message.Subject)
    comment = forms.CharField(
        label="Que faut-il corriger ?",
        max_length=MESSAGE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 5, "class": "vLargeTextField"}),
        error_messages={"required": "Indiquez ce qu'il faut corriger."},
    )
    field_order = ("subject", "comment", "attachment")


class MessageForm(_AttachmentForm):
    subject = forms.ChoiceField(label="Sujet", choices=Message.Subject)
    body = forms.CharField(
        label="Message",
        max_length=MESSAGE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 5, "class": "vLargeTextField"}),
        error_messages={"required": "Écrivez votre message."},
    )
    field_order = ("subject", "body", "attachment")


# A form's fields are named after what the verb takes.
VERB_FORMS: dict[str, type[forms.Form]] = {
    "send": NoFactForm,
    "request_correction": CorrectionForm,
    "accept": NoFactForm,
    "sign_for_collectivity": SignatureForm,
    "sign_for_region": SignatureForm,
    "remind": NoFactForm,
    "abandon": AbandonForm,
}


def verb_form(verb: str, convention: Convention | None = None) -> type[forms.Form]:
    """Return the form of an action on many, or of a verb on one `convention`.

    To one that was returned for correction, one answers.
    """
    if verb == "send":
        if convention is None:
            return SendForm
        return AnswerForm if convention.state == State.CORRECTION_REQUESTED else NoFactForm
    return VERB_FORMS.get(verb, NoFactForm)


class EnrolmentForm(forms.Form):
    """Schools by their codes, pasted or uploaded; `cleaned_data["codes"]` is their text."""

    text = forms.CharField(
        label="Codes UAI",
        required=False,
        help_text="Un code par ligne, ou un tableau copié depuis un tableur.",
        widget=forms.Textarea(attrs={"rows": 8, "class": "vLargeTextField", "spellcheck": "false"}),
    )
    upload = IncomingFileField(
        label="ou un fichier",
        required=False,
        allow_empty_file=True,  # Told apart, with its reason, when it is read.
        help_text="CSV, TXT, XLSX, ODS ou XLS.",
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
    )

    def clean_upload(self) -> str:
        upload = self.cleaned_data["upload"]
        if not upload:
            return ""
        if upload.size > settings.UPLOAD_MAX_BYTES:
            limit = settings.UPLOAD_MAX_BYTES // 1024**2
            raise ValidationError(
                f"Ce fichier dépasse {limit} Mo : gardez la seule colonne des codes."
            )
        try:
            return text_of(upload.read())
        except UnreadableFile as error:
            raise ValidationError(str(error)) from None

    def clean(self) -> None:
        super().clean()
        text = self.cleaned_data.get("text", "").strip()
        upload = self.cleaned_data.get("upload", "").strip()
        if text and upload:
            self.add_error("upload", "Collez des codes ou choisissez un fichier, pas les deux.")
        elif not (text or upload or self.errors):
            self.add_error("text", "Collez au moins un code UAI, ou choisissez un fichier.")
        self.cleaned_data["codes"] = self.cleaned_data["text"] if text else upload
