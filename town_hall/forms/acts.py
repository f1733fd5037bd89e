"""What a town hall enters of its act: nature, number, sitting; its own text; its dates."""

from collections.abc import Callable
from copy import copy
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.boundfield import BoundField
from django.forms.models import fields_for_model

from communes.models import Collectivity
from conventions.acts.models import Act
from conventions.acts.repeating import DELEGATION, DEPUTY, chosen_last
from conventions.acts.sitting import Sitting
from conventions.authority import ACT_FIELDS, DATE_FIELDS, own_act_text
from conventions.models import SignedByBoth
from documents.received.form_fields import COPY, PdfField
from documents.received.letterhead import read_letterhead
from drafts.forms import KeptFileInput
from lifecycle.plausible import keep_within
from town_hall.forms.days import DayInput
from town_hall.forms.files import FileForm

_WITHOUT_DELEGATION = (
    "Vide, la décision n'en cite aucune. Sans délégation du conseil, choisissez une délibération."
)


class ActForm(FileForm, forms.ModelForm):
    """The act, and the sitting of a délibération: with neither number nor date, a draft."""

    delegation_names = DELEGATION
    planned = ("planned_on",)

    class Meta:
        model = Act
        fields = list(ACT_FIELDS)
        widgets = {"kind": forms.RadioSelect, "planned_on": DayInput, "dated_on": DayInput}
        labels = {"kind": "Par quel acte votre collectivité autorise-t-elle la signature ?"}
        help_texts = {
            "delegation_item": "Alinéa de l'article L2122-22 au titre duquel le maire décide. Vide, "
            "la décision cite l'article seul.",
            "delegation_reference": "Numéro et date de la délibération qui a donné délégation au "
            f"maire. {_WITHOUT_DELEGATION}",
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
                help_text="Attribution déléguée au président, au titre de l'article L5211-10. Vide, "
                "la décision cite l'article seul.",
            )
            self.word(
                "delegation_reference",
                help_text="Numéro et date de la délibération qui a donné délégation au président. "
                f"{_WITHOUT_DELEGATION}",
            )
        self._ask_for_sitting(collectivity)

    def _ask_for_sitting(self, collectivity: Collectivity) -> None:
        sitting = self.instance.sitting or Sitting()
        widgets: dict[str, type[forms.Widget] | forms.Widget] = {
            "convened_on": DayInput(),
            "proxies": forms.Textarea(attrs={"rows": 3}),
            # A browser's own field of a number sends nothing of « onze », and says nothing.
            **{name: forms.TextInput(attrs={"inputmode": "numeric"}) for name in Sitting.COUNTS},
        }
        for name, field in fields_for_model(Sitting, Sitting.FIELDS, widgets=widgets).items():
            field.initial = getattr(sitting, name)
            self.fields[name] = field
        keep_within(self, self.convention.campaign.planning_window, "convened_on")
        self.fields["secretary"].help_text = (
            f"Prénom et nom ; signe la délibération avec le {collectivity.executive} (article "
            "L2121-23)."
        )

    def clean(self) -> None:
        """What concerns the other nature is neither refused nor written over what is kept."""
        super().clean()
        other = {Act.Kind.DECISION: Sitting.FIELDS, Act.Kind.DELIBERATION: self.delegation_names}
        kind = self.cleaned_data.get("kind", "")
        for name in other.get(kind, ()):
            if self.errors.pop(name, None):
                self.cleaned_data[name] = self.get_initial_for_field(self.fields[name], name)
        if not kind and "kind" not in self.errors and self.is_typed_in():
            self.add_error("kind", "Choisissez la nature de l'acte : vous en avez donné le reste.")

    @property
    def usual_fields(self) -> list[BoundField]:
        return [self[name] for name in ACT_FIELDS if name not in self.delegation_names]

    @property
    def delegation_fields(self) -> list[BoundField]:
        return [self[name] for name in self.delegation_names]

    @property
    def sitting_fields(self) -> list[BoundField]:
        return [self[name] for name in Sitting.FIELDS]

    @property
    def shows_sitting(self) -> bool:
        """Tell whether the sitting is to be filled in: folded on the page otherwise."""
        return self["kind"].value() == Act.Kind.DELIBERATION

    @property
    def is_taken(self) -> bool:
        """Tell whether number or date is there, or wrong."""
        return any(self[name].value() or self[name].errors for name in ("number", "dated_on"))

    @property
    def has_more_errors(self) -> bool:
        return any(self[name].errors for name in ("planned_on", "executor"))

    @property
    def has_delegation_errors(self) -> bool:
        return any(field.errors for field in self.delegation_fields)

    @property
    def has_sitting_errors(self) -> bool:
        return any(field.errors for field in self.sitting_fields)

    @property
    def act_values(self) -> dict[str, Any]:
        """What the verb takes."""
        return self.facts((*ACT_FIELDS, *Sitting.FIELDS))


def act_to_fill(subject: SignedByBoth) -> Act:
    """Return what the form of an act starts from: the act, or a new one of the same nature.

    A form writes on its instance before it is valid: never on the file's own act.
    """
    act = subject.act
    if act is None:
        return Act(collectivity=subject.collectivity, **chosen_last(subject))
    if act.withdrawn_on:
        return Act(collectivity=subject.collectivity, kind=act.kind)
    return copy(act)


class LetterheadField(forms.FileField):
    """An image sent by a person, as the bytes of a small JPEG."""

    widget = KeptFileInput(attrs={"accept": "image/png,image/jpeg"})

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
        widget=forms.Textarea(
            attrs={"class": "fr-input text-body", "rows": 28, "lang": "fr", "data-paragraphs": True}
        ),
        help_text="Visas, considérants et articles. Effacez tout pour revenir au modèle.",
    )
    deputy_fields = DEPUTY

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
        apart = {*self.deputy_fields, "adapted_text"}
        return [field for field in self.visible_fields() if field.name not in apart]

    @property
    def fields_of_deputy(self) -> list[BoundField]:
        return [self[name] for name in self.deputy_fields]

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
    certificate_names = ("certified_on", "certified_by", "certified_capacity")

    class Meta:
        model = Act
        fields = list(DATE_FIELDS)
        widgets = {name: DayInput for name in fields if name.endswith(("_on", "_until"))}
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
        if not self.instance.certified_on:
            party = self.convention.party or self.convention.collectivity
            self.initial["certified_by"] = party.representative
            self.initial["certified_capacity"] = party.representative_capacity
        if not self.instance.is_decision and not self.instance.reported_on:
            # The council that votes is not told of its own vote.
            del self.fields["reported_on"]
        self.order_fields(["version", *self.usual_names])

    def clean(self) -> None:
        """An act not published yet was made public in no way; not certified, by nobody."""
        super().clean()
        if not self.cleaned_data.get("published_on") and "published_on" not in self.errors:
            self.cleaned_data["publication_mode"] = ""
        is_certified = self.cleaned_data.get("certified_on") or "certified_on" in self.errors
        for name in self.certificate_names[1:]:
            if not is_certified:
                self.cleaned_data[name] = ""
            elif not self.cleaned_data.get(name) and name not in self.errors:
                self.add_error(name, "À remplir quand l'acte est certifié exécutoire.")

    @property
    def usual_fields(self) -> list[BoundField]:
        return [self[name] for name in self.usual_names if name in self.fields]

    @property
    def date_values(self) -> dict[str, Any]:
        """What the verb takes."""
        return self.facts(name for name in DATE_FIELDS if name in self.fields)

    @property
    def certificate_fields(self) -> list[BoundField]:
        return [self[name] for name in self.certificate_names]

    @property
    def shows_certificate(self) -> bool:
        return bool(self["certified_on"].value() or any(f.errors for f in self.certificate_fields))

    @property
    def aftermath_fields(self) -> list[BoundField]:
        """What concerns few acts: folded on the page until one of them is filled."""
        return [self[name] for name in Act.AFTERMATH_FIELDS]

    @property
    def shows_aftermath(self) -> bool:
        return any(field.value() or field.errors for field in self.aftermath_fields)
