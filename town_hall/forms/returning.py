"""What comes back to a town hall: the signed papers and their dates, together."""

from typing import Any

from django import forms

from conventions.acts.models import Act
from conventions.lifecycle import TRANSITIONS
from conventions.models import Piece
from documents.received.form_fields import PdfField
from town_hall.forms.days import DayInput
from town_hall.forms.files import FileForm

PAPERS = (Piece.Kind.ACT_SIGNED, Piece.Kind.CONVENTION_SIGNED, Piece.Kind.DEPOSIT_RECEIPT)


class ReturnForm(FileForm):
    """Nothing of it is required: what has come is recorded, the rest another day."""

    act_signed = PdfField(label="Acte signé", required=False)
    convention_signed = PdfField(label="Convention signée", required=False)
    deposit_receipt = PdfField(label="Accusé de réception de la préfecture", required=False)
    number = forms.CharField(
        label="Numéro de l'acte",
        max_length=Act._meta.get_field("number").max_length,
        required=False,
        help_text="Tel qu'il figure au registre, par exemple 2022DECAD076.",
    )
    dated_on = forms.DateField(label="Date de l'acte", required=False, widget=DayInput)
    on = forms.DateField(label="Convention signée le", required=False, widget=DayInput)
    deposited_on = forms.DateField(
        label="Acte déposé en préfecture le", required=False, widget=DayInput
    )
    published_on = forms.DateField(label="Acte publié le", required=False, widget=DayInput)
    reported_on = forms.DateField(
        label="Décision communiquée à l'assemblée le", required=False, widget=DayInput
    )
    act_names = ("number", "dated_on")
    transmission_names = ("deposited_on", "published_on", "reported_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Of one that was withdrawn, nothing more comes back.
        convention, act = self.convention, self.convention.standing_act
        if act is None or act.is_adopted:
            self._leave_out(*self.act_names)
        if act is None or not act.is_decision:
            self._leave_out("reported_on")
        if act is None:
            self._leave_out("deposited_on", "published_on")
        if convention.state not in TRANSITIONS["sign_for_collectivity"].targets:
            self._leave_out("on")

    def _leave_out(self, *names: str) -> None:
        for name in names:
            del self.fields[name]

    def clean(self) -> None:
        super().clean()
        if not self.errors and not self.is_typed_in():
            raise forms.ValidationError(
                "Rien n'a été enregistré : déposez un papier signé, ou donnez une date."
            )

    @property
    def papers(self) -> list[forms.BoundField]:
        return [self[name] for name in PAPERS]

    @property
    def facts_fields(self) -> list[forms.BoundField]:
        return [field for field in self.visible_fields() if field.name not in PAPERS]
