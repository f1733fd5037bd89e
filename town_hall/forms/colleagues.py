"""Who is invited to a collectivity's files, and who represents it."""

from typing import Any

from django import forms
from dsfr.forms import DsfrBaseForm

from communes.forms import RepresentedForm
from communes.models import Collectivity


class ColleagueForm(DsfrBaseForm):
    """A colleague to invite."""

    email = forms.EmailField(
        label="Adresse électronique",
        help_text="Celle où l'invitation part ; votre collègue s'en servira pour se connecter.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    is_manager = forms.BooleanField(
        label="Gérera aussi les accès : invitera et retirera des collègues", required=False
    )
    is_shared = forms.BooleanField(
        label="C'est une boîte partagée : chaque personne y donnera son nom en se connectant",
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("is_manager") and cleaned.get("is_shared"):
            self.add_error("is_shared", "Une boîte partagée ne gère pas les accès.")
        return cleaned


class RepresentativeForm(DsfrBaseForm, RepresentedForm):
    """Who signs for the collectivity, confirmed once after each election."""

    class Meta:
        model = Collectivity
        fields = (
            "representative_civility",
            "representative_first_name",
            "representative_last_name",
            "representative_capacity",
            "capacity_gender",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.Meta.fields:
            self.fields[name].required = True
