"""What a town hall enters. Rules on dates and states are the model's; errors land here."""

from collections.abc import Iterable
from typing import Any

from django import forms
from dsfr.forms import DsfrBaseForm

from communes.forms import RepresentedForm, since_field
from communes.identifiers import normalise, validate_siret
from communes.mandates import SINCE
from communes.models import Collectivity
from communes.typed import read_phone, read_postcode, refuse_pictures, validate_name
from conventions.exchanges.models import MESSAGE_LENGTH, Message
from conventions.models import Convention, Piece
from conventions.terminations.steps import EndingStep
from documents.received.form_fields import COPY, PdfField
from lifecycle.plausible import keep_within
from lifecycle.rereading import RereadForm
from town_hall.forms.days import NOT_A_DAY, DayInput
from town_hall.forms.meanwhile import SEEN, seen

# Fields that name a person.
PERSONS = frozenset(
    {"representative_first_name", "representative_last_name", "signatory", "certified_by"}
)


class FileForm(DsfrBaseForm):
    """A form about a part of a file; carries the version of it that its reader saw."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    # Dates of what is still to come.
    planned: tuple[str, ...] = ()
    # Dates of another age than the file's, with a rule of their own.
    aside: tuple[str, ...] = (SINCE,)

    def __init__(self, *args: Any, convention: Convention, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.convention = convention
        campaign = convention.campaign
        keep_within(self, campaign.window, *(self.fields.keys() - {*self.planned, *self.aside}))
        if self.planned:
            keep_within(self, campaign.planning_window, *self.planned)

    def full_clean(self) -> None:
        """Each message names its field: one may be read far from it."""
        for name, field in self.fields.items():
            field.error_messages["required"] = f"« {self[name].label} » est obligatoire."
            if isinstance(field, forms.DateField):
                field.error_messages["invalid"] = NOT_A_DAY
            if isinstance(field, forms.CharField) and not isinstance(field.widget, forms.Textarea):
                field.validators.append(refuse_pictures)
            if name in PERSONS:
                field.validators.append(validate_name)
        super().full_clean()

    def is_typed_in(self) -> bool:
        """Tell whether something was typed or chosen that was not there before."""
        return any(self._says_something_new(name) for name in self.changed_data)

    def _says_something_new(self, name: str) -> bool:
        box = self[name]
        if box.is_hidden or (isinstance(box.field, forms.BooleanField) and box.field.required):
            # A box that must be ticked goes with the rest.
            return False
        if isinstance(box.field.widget, forms.Textarea):
            # A browser ends lines in its own way.
            return _lines(box.data) != _lines(box.initial)
        return True

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> Any:
        if field_name == SEEN and SEEN not in self.initial:
            return seen(self)
        return super().get_initial_for_field(field, field_name)

    def word(self, name: str, **texts: str) -> None:
        """Word a field (`label`, `help_text`) by its file.

        The design system binds the fields as the form is made: what is shown is set there.
        """
        for what, text in texts.items():
            setattr(self[name], what, text)

    def offer(self, name: str, choices: Iterable[tuple[str, str]]) -> None:
        """Give a field what may be chosen in its file."""
        self.fields[name].choices = choices

    def facts(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the values entered that a verb takes, by name."""
        return {name: self.cleaned_data[name] for name in names}


def _lines(text: str | None) -> list[str]:
    return (text or "").splitlines()


class RepresentedFileForm(FileForm, RepresentedForm, RereadForm):
    """A form of a file that says who represents the collectivity, and since when."""

    representative_since = since_field(DayInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.word("representative_capacity", label="Fonction du représentant")
        self.word("capacity_gender", label="Cette fonction s'écrit", help_text="")
        if not self.instance.representative_capacity:
            self.initial["representative_capacity"] = self.instance.executive.capitalize()
        feminine, masculine = (
            ("La Présidente", "Le Président")
            if self.instance.is_grouping
            else ("La Maire", "Le Maire")
        )
        self.offer(
            "capacity_gender",
            [
                ("", "Choisissez"),
                ("F", f"au féminin (« {feminine} »)"),
                ("M", f"au masculin (« {masculine} »)"),
            ],
        )

    def clean(self) -> None:
        super().clean()
        self._agree_on_gender()

    def _agree_on_gender(self) -> None:
        gender = self.cleaned_data.get("capacity_gender", "")
        right = {"F": "Présidente", "M": "Président"}.get(gender)
        capacity = self.cleaned_data.get("representative_capacity")
        if right and capacity in ("Président", "Présidente") and capacity != right:
            self.add_error(
                "representative_capacity", f"Selon ce que vous avez choisi : « {right} »."
            )


class IdentityForm(RepresentedFileForm):
    # Longer than fourteen digits: people group them with spaces.
    siret = forms.CharField(
        label="SIRET",
        max_length=25,
        help_text="Quatorze chiffres, celui de la collectivité qui paie (pas celui d'une école).",
    )

    # Longer than what is kept of them, too.
    postcode = forms.CharField(label="Code postal", max_length=15)
    phone = forms.CharField(label="Téléphone", max_length=30, required=False)

    class Meta:
        model = Collectivity
        fields = [
            "siret",
            "address_line_1",
            "address_line_2",
            "postcode",
            "city",
            "representative_civility",
            "representative_first_name",
            "representative_last_name",
            "representative_capacity",
            "capacity_gender",
            "email",
            "phone",
            "website",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        required = set(self.Meta.fields) - {"address_line_2", "email", "phone", "website"}
        for name in required:
            self.fields[name].required = True
        self.fields["siret"].widget.attrs["inputmode"] = "numeric"

    def refusal_of_stale(self) -> str:
        last = self.instance.history.select_related("history_user").first()
        by = f" par {last.history_user}" if last and last.history_user else ""
        return f"Ces renseignements ont été modifiés entre-temps{by}."

    def clean_siret(self) -> str:
        siret = normalise(self.cleaned_data["siret"])
        validate_siret(siret)
        if siret[:9] != self.instance.siren:
            raise forms.ValidationError(
                f"Ce SIRET n'est pas celui de votre collectivité : il devrait commencer par "
                f"{self.instance.siren}. Si votre SIREN a changé, prévenez le rectorat."
            )
        return siret

    def clean_postcode(self) -> str:
        return read_postcode(self.cleaned_data["postcode"])

    def clean_phone(self) -> str:
        return read_phone(self.cleaned_data["phone"])


class ChangedRepresentativeForm(RepresentedFileForm):
    """Who represents the collectivity, once its convention no longer asks."""

    class Meta:
        model = Collectivity
        fields = Collectivity.representative_fields()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.Meta.fields:
            self.fields[name].required = True


class ConfirmedRepresentative(FileForm):
    """Mixed into the form of what the representative signs after the convention."""

    is_representative = forms.BooleanField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        who = self.convention.collectivity
        name = f"{who.get_representative_civility_display()} {who.representative}".strip()
        self.word(
            "is_representative",
            label=f"La collectivité est toujours représentée par {name}, "
            f"{who.representative_capacity}",
            help_text="Sinon, corrigez d'abord votre représentant (« Changer de représentant », "
            "sur la page du dossier) : les documents à signer porteront son nom.",
        )


class SignatureForm(FileForm):
    on = forms.DateField(label="Date de signature de la convention", widget=DayInput)
    convention_signed = PdfField(label="Convention signée", required=False)
    act_signed = PdfField(label="Acte signé", required=False)


def _choices(kinds: Iterable[Piece.Kind]) -> list[tuple[str, str]]:
    return [(kind.value, kind.label.capitalize()) for kind in kinds]


class PieceForm(FileForm):
    kind = forms.ChoiceField(
        label="Nature de la pièce", widget=forms.RadioSelect, choices=_choices(Piece.RECEIVED)
    )
    file = PdfField(label="Fichier")


class AmendmentSignatureForm(ConfirmedRepresentative):
    on = forms.DateField(label="Date de signature de l'avenant", widget=DayInput)
    amendment_signed = PdfField(label="Avenant signé", required=False)
    act_signed = PdfField(
        label="Acte de l'avenant signé",
        required=False,
        help_text=f"Si vous en avez pris un. {COPY}",
    )


class AmendmentPieceForm(PieceForm):
    kind = forms.ChoiceField(
        label="Nature de la pièce",
        widget=forms.RadioSelect,
        choices=_choices(Piece.RECEIVED_FOR_AMENDMENT),
    )


class WithdrawalForm(FileForm):
    reason = forms.CharField(
        label="Pourquoi la retirez-vous ?",
        max_length=300,
        help_text="Par exemple : « Mauvais fichier ». Le rectorat lit ce motif.",
    )


class DraftDropForm(FileForm):
    reason = forms.CharField(
        label="Pourquoi l'abandonnez-vous ?",
        max_length=300,
        help_text="La collectivité lit ce motif dans le courriel qui l'en prévient.",
    )


class MessageForm(FileForm):
    subject = forms.ChoiceField(
        label="À quel sujet ?",
        widget=forms.RadioSelect,
        choices=[(s.value, s.label[:1].upper() + s.label[1:]) for s in Message.Subject],
    )
    body = forms.CharField(
        label="Votre message",
        max_length=MESSAGE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    attachment = PdfField(label="Pièce jointe", required=False)


class CorrectionForm(MessageForm):
    # Django's way to drop an inherited field.
    body = None  # type: ignore[assignment]
    comment = forms.CharField(
        label="Que faut-il corriger ?",
        max_length=MESSAGE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Par exemple : « L'école X a fermé », avec son code UAI si vous le connaissez.",
    )
    field_order = ("version", "subject", "comment", "attachment")


class TerminationForm(ConfirmedRepresentative):
    """A step of article 11: its date and, for a letter, what it says."""

    on = forms.DateField(widget=DayInput)
    statement = forms.CharField(
        max_length=MESSAGE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 8}),
    )

    def __init__(self, *args: Any, step: EndingStep, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.word("on", label=step.date_label)
        statement = self.fields.pop("statement")
        # What the verb takes.
        self.fact_names = ["on"]
        if not step.is_letter:
            del self.fields["is_representative"]
        if step.text:
            # Named as the verb names it, so that a refusal lands at it.
            statement.label, statement.help_text = step.text_label, step.text_help
            self.fields[step.text] = statement
            self.fact_names.append(step.text)
