"""What a town hall enters. Rules on dates and states are the model's; errors land here."""

from collections.abc import Callable, Iterable
from copy import copy
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.boundfield import BoundField
from django.forms.models import fields_for_model
from dsfr.forms import DsfrBaseForm

from communes.identifiers import normalise, validate_siret
from communes.models import Collectivity
from conventions.acts.models import Act
from conventions.authority import ACT_FIELDS, DATE_FIELDS, own_act_text
from conventions.exchanges.models import MESSAGE_LENGTH, Message
from conventions.models import Convention, Piece, SignedByBoth
from conventions.terminations.steps import EndingStep
from documents.letterheads import read_letterhead
from documents.received.form_fields import COPY, PdfField


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class FileForm(DsfrBaseForm):
    """A form about a part of a file; carries the version of it that its reader saw."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, convention: Convention, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.convention = convention

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


class IdentityForm(FileForm, forms.ModelForm):
    # Longer than fourteen digits: people group them with spaces.
    siret = forms.CharField(
        label="SIRET",
        max_length=25,
        help_text="Quatorze chiffres, celui de la collectivité qui paie (pas celui d'une école).",
    )

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
        required = set(self.fields) - {"address_line_2", "email", "phone", "website", "version"}
        for name in required:
            self.fields[name].required = True
        self.fields["siret"].widget.attrs["inputmode"] = "numeric"
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

    def clean_siret(self) -> str:
        siret = normalise(self.cleaned_data["siret"])
        validate_siret(siret)
        if siret[:9] != self.instance.siren:
            raise forms.ValidationError(
                f"Ce SIRET n'est pas celui de votre collectivité : il devrait commencer par "
                f"{self.instance.siren}. Si votre SIREN a changé, prévenez le rectorat."
            )
        return siret

    def clean(self) -> None:
        super().clean()
        gender = self.cleaned_data.get("capacity_gender", "")
        right = {"F": "Présidente", "M": "Président"}.get(gender)
        capacity = self.cleaned_data.get("representative_capacity")
        if right and capacity in ("Président", "Présidente") and capacity != right:
            self.add_error("representative_capacity", f"Selon l'accord choisi : « {right} ».")

    def clean_postcode(self) -> str:
        postcode: str = self.cleaned_data["postcode"].strip()
        if not (len(postcode) == 5 and postcode.isdigit()):
            raise forms.ValidationError("Un code postal compte cinq chiffres, par exemple 34750.")
        return postcode


class ActForm(FileForm, forms.ModelForm):
    class Meta:
        model = Act
        fields = list(ACT_FIELDS)
        widgets = {"kind": forms.RadioSelect, "planned_on": DateInput, "dated_on": DateInput}
        labels = {"kind": "Par quel acte votre collectivité autorise-t-elle la signature ?"}
        help_texts = {
            "planned_on": "Jour prévu pour la signature (décision) ou pour la séance (délibération).",
            "number": "Tel qu'il figure au registre, par exemple 2022DECAD076. Vide tant que l'acte "
            "n'est pas pris : son PDF est alors un projet.",
            "dated_on": "Le jour où l'acte a été signé (décision) ou voté (délibération).",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        collectivity = self.convention.collectivity
        self.offer(
            "kind",
            [
                (Act.Kind.DECISION, f"décision du {collectivity.executive}"),
                (Act.Kind.DELIBERATION, f"délibération du {collectivity.council}"),
            ],
        )
        if collectivity.is_grouping:
            self.word(
                "delegation_item",
                help_text="Attribution déléguée au président, au titre de l'article L5211-10.",
            )
            self.word(
                "delegation_reference",
                help_text="Numéro et date de la délibération qui a donné délégation au président.",
            )


def act_to_fill(subject: SignedByBoth) -> Act:
    """Return what the form of an act starts from: the act, or a new one of the same nature.

    A form writes on its instance before it is valid: never on the file's own act.
    """
    act = subject.act
    if act is None:
        return Act(collectivity=subject.collectivity)
    if act.withdrawn_on:
        return Act(collectivity=subject.collectivity, kind=act.kind)
    return copy(act)


class LetterheadField(forms.FileField):
    """An image sent by a person, as the bytes of a small JPEG."""

    widget = forms.FileInput(attrs={"accept": "image/png,image/jpeg"})

    def clean(self, data: Any, initial: Any = None) -> bytes | None:
        uploaded = super().clean(data, initial)
        return read_letterhead(uploaded) if uploaded else None


class OwnActForm(FileForm):
    """What the collectivity makes its own in its act: head, signatory, text."""

    class Signer(models.TextChoices):
        REPRESENTATIVE = "representative"
        DEPUTY = "deputy", "une autre personne, par délégation de signature"

    letterhead = LetterheadField(
        label="En-tête de votre collectivité",
        required=False,
        help_text="Logo ou bandeau, PNG ou JPEG, 5 Mo au plus. Il s'imprime en haut de l'acte.",
    )
    remove_letterhead = forms.BooleanField(label="Ne plus imprimer cet en-tête", required=False)
    signer = forms.ChoiceField(label="Qui signe l'acte ?", widget=forms.RadioSelect)
    adapted_text = forms.CharField(
        label="Texte de l'acte",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"class": "fr-input text-body", "rows": 28, "lang": "fr"}),
        help_text="Visas, considérants et articles. Effacez tout pour revenir au modèle.",
    )
    deputy_fields = ("signatory", "signatory_capacity", "signatory_delegation")

    def __init__(self, *args: Any, subject: SignedByBoth, act: Act, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subject = subject
        self.act = act
        for name, field in fields_for_model(Act, self.deputy_fields).items():
            field.initial = getattr(act, name)
            self.fields[name] = field
        collectivity = self.convention.collectivity
        party = self.convention.party or collectivity
        capacity = party.capacity_with_article or collectivity.executive
        self.offer(
            "signer",
            [
                (self.Signer.REPRESENTATIVE, f"{capacity}, {party.representative}"),
                (self.Signer.DEPUTY, self.Signer.DEPUTY.label),
            ],
        )
        self.initial |= {
            "signer": self.Signer.DEPUTY if act.signatory else self.Signer.REPRESENTATIVE,
            "adapted_text": act.adapted_text or subject.act_text.body,
        }
        if not act.letterhead:
            del self.fields["remove_letterhead"]
        order = ("version", "letterhead", "remove_letterhead", "signer", *self.deputy_fields)
        self.order_fields((*order, "adapted_text"))

    def clean_adapted_text(self) -> str:
        """Say the faults of the text with those of the rest, at once."""
        try:
            return own_act_text(self.subject, self.cleaned_data["adapted_text"])
        except ValidationError as refusal:
            raise ValidationError(refusal.messages) from None

    def clean(self) -> None:
        """The three of a deputy, or none of them."""
        super().clean()
        deputy = self.cleaned_data.get("signer") == self.Signer.DEPUTY
        for name in self.deputy_fields:
            if not deputy:
                self.cleaned_data[name] = ""
            elif not self.cleaned_data.get(name) and name not in self.errors:
                self.add_error(name, "À remplir quand une autre personne signe par délégation.")

    @property
    def fields_beside_text(self) -> list[BoundField]:
        return [field for field in self.visible_fields() if field.name != "adapted_text"]

    def own_values(self, *, letterhead: Callable[[bytes], str]) -> dict[str, Any]:
        """Return what the verb takes; `letterhead` gives the name of an image's bytes."""
        image = self.cleaned_data["letterhead"]
        kept = "" if self.cleaned_data.get("remove_letterhead") else self.act.letterhead.name
        names = (*self.deputy_fields, "adapted_text")
        return {"letterhead": letterhead(image) if image else kept, **self.facts(names)}


class ActDatesForm(FileForm, forms.ModelForm):
    deposit_receipt = PdfField(
        label="Accusé de réception de la préfecture",
        required=False,
        help_text=f"Si vous l'avez. {COPY}",
    )
    usual_names = (
        "deposited_on",
        "deposit_receipt",
        "published_on",
        "publication_mode",
        "reported_on",
    )

    class Meta:
        model = Act
        fields = list(DATE_FIELDS)
        widgets = {name: DateInput for name in fields if name.endswith(("_on", "_until"))}
        help_texts = {
            "deposited_on": "Date de réception par la préfecture.",
            "published_on": "Date de mise en ligne ou d'affichage.",
            "reported_on": "Pour une décision : séance où l'assemblée en a été informée.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        expected = self.convention.collectivity.publicity_mode
        if not self.instance.publication_mode:
            self.initial["publication_mode"] = expected
        self.word(
            "publication_mode",
            help_text=f"Attendu pour votre collectivité : {Collectivity.Regime(expected).label}.",
        )
        self.order_fields(["version", *self.usual_names])

    def clean(self) -> None:
        """An act not published yet was made public in no way."""
        super().clean()
        if not self.cleaned_data.get("published_on") and "published_on" not in self.errors:
            self.cleaned_data["publication_mode"] = ""

    @property
    def usual_fields(self) -> list[BoundField]:
        return [self[name] for name in self.usual_names]

    @property
    def aftermath_fields(self) -> list[BoundField]:
        """What concerns few acts: folded on the page until one of them is filled."""
        return [self[name] for name in Act.AFTERMATH_FIELDS]

    @property
    def shows_aftermath(self) -> bool:
        return any(field.value() or field.errors for field in self.aftermath_fields)


class SignatureForm(FileForm):
    on = forms.DateField(label="Date de signature de la convention", widget=DateInput)
    convention_signed = PdfField(label="Convention signée", required=False)
    act_signed = PdfField(label="Acte signé", required=False)


def _choices(kinds: Iterable[Piece.Kind]) -> list[tuple[str, str]]:
    return [(kind.value, kind.label.capitalize()) for kind in kinds]


class PieceForm(FileForm):
    kind = forms.ChoiceField(
        label="Nature de la pièce", widget=forms.RadioSelect, choices=_choices(Piece.RECEIVED)
    )
    file = PdfField(label="Fichier")


class AmendmentSignatureForm(FileForm):
    on = forms.DateField(label="Date de signature de l'avenant", widget=DateInput)
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


class TerminationForm(FileForm):
    """A step of article 11: its date and, for a letter, what it says."""

    on = forms.DateField(widget=DateInput)
    statement = forms.CharField(
        max_length=MESSAGE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Imprimé tel quel dans la lettre ; une ligne vide sépare deux paragraphes.",
    )

    def __init__(self, *args: Any, step: EndingStep, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.word("on", label=step.date_label)
        statement = self.fields.pop("statement")
        # What the verb takes.
        self.fact_names = ["on"]
        if step.text:
            # Named as the verb names it, so that a refusal lands at it.
            statement.label = step.text_label
            self.fields[step.text] = statement
            self.fact_names.append(step.text)
