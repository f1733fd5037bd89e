"""What an agent types of the territory and of official files."""

from typing import Any

from django import forms
from django.utils import timezone

from communes import mandates
from communes.identifiers import normalise
from communes.models import Collectivity, Membership


class IdentifierField(forms.CharField):
    """A SIREN or a SIRET, pasted with the spaces that group its digits."""

    def to_python(self, value: Any) -> str:
        return normalise(super().to_python(value) or "")


def since_field(widget: forms.DateInput) -> forms.DateField:
    """Return the field that asks since when somebody represents a collectivity."""
    return forms.DateField(
        label="En fonction depuis le",
        required=False,
        widget=widget,
        help_text="À donner quand le représentant change : ce qui a été signé avant garde le nom "
        "de celui d'alors.",
    )


class RepresentedForm(forms.ModelForm):
    """Mixed into a form of a collectivity that says who represents it: asks since when."""

    representative_since = since_field(forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._former = mandates.representative_of(self.instance)
        self._mandate = self.instance.mandate if self.instance.pk else None
        if self._mandate:
            self.initial[mandates.SINCE] = self._mandate.since

    def clean(self) -> None:
        super().clean()
        cleaned = self.cleaned_data
        values = {name: cleaned.get(name, "") for name in self._former}
        since, today = cleaned.get(mandates.SINCE), timezone.localdate()
        if said := mandates.refusal(self._mandate, self._former, values, since, today):
            self.add_error(mandates.SINCE, said)

    def _save_m2m(self) -> None:
        """What hangs on the row, once it is saved: by `save`, or by the admin site."""
        super()._save_m2m()  # type: ignore[misc]  # Django's own, unknown to its stubs.
        since = self.cleaned_data.get(mandates.SINCE)
        changed = mandates.representative_of(self.instance) != self._former
        if changed or mandates.SINCE in self.changed_data:
            mandates.keep(self.instance, self._former, since)


class CollectivityForm(RepresentedForm):
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
