"""What an agent types of the territory and of official files."""

from typing import Any

from django import forms

from communes.identifiers import normalise
from communes.models import Collectivity, Membership


class IdentifierField(forms.CharField):
    """A SIREN or a SIRET, pasted with the spaces that group its digits."""

    def to_python(self, value: Any) -> str:
        return normalise(super().to_python(value) or "")


class CollectivityForm(forms.ModelForm):
    """The admin site says which model and fields."""

    siren = IdentifierField(label="SIREN", help_text="Neuf chiffres.")
    siret = IdentifierField(label="SIRET", required=False, help_text="Quatorze chiffres.")
    website = forms.URLField(
        label="Site de publication des actes",
        required=False,
        assume_scheme="https",
        help_text="Adresse du site internet.",
    )


class NewCollectivityForm(CollectivityForm):
    """An EPCI or a syndicat: communes come from the official file."""

    kind = forms.ChoiceField(
        label="Nature",
        choices=[
            choice for choice in Collectivity.Kind.choices if choice[0] != Collectivity.Kind.COMMUNE
        ],
    )
    representative_capacity = forms.CharField(
        label="Qualité du représentant",
        required=False,
        max_length=120,
        initial="Président",
        help_text="« Président » ou « Présidente », tel qu'imprimé.",
    )


class MembershipFormSet(forms.BaseInlineFormSet):
    """The members of one EPCI or syndicat: rows typed together must not overlap either."""

    def clean(self) -> None:
        super().clean()
        seen: list[Membership] = []
        for form in self.forms:
            row = form.instance
            if not form.is_valid() or (not form.has_changed() and not row.pk):
                continue
            if any(row.commune_id == other.commune_id and row.overlaps(other) for other in seen):
                form.add_error("since", "Cette commune figure deux fois à ces dates.")
            seen.append(row)
