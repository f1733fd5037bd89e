"""As at which day, of which year and territory."""

import datetime
from typing import Any

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from accounts.models import User
from billing.claims.forms import TerritoryForm
from billing.models import Titre
from billing.recovery.aged import Aged, aged_by_debtor, owed_today
from lifecycle.plausible import DateInput


class AnyYearForm(TerritoryForm):
    """A territory, of every campaign unless one is chosen."""

    def __init__(self, data: QueryDict, *, user: User) -> None:
        super().__init__(data, user=user)
        year = self.fields["campagne"]
        year.required = False
        year.choices = [("", "Toutes"), *year.choices]

    @staticmethod
    def default_campaign(user: User) -> None:
        """Every year, unless one is chosen."""
        return


class OwedForm(AnyYearForm):
    """Which titres are added up."""

    jour = forms.DateField(
        label="Au",
        widget=DateInput,
        required=False,
        error_messages={"invalid": "Donnez une date, par exemple 31/12/2026."},
    )
    field_order = ("jour", "campagne", "academie", "departement")

    def clean_jour(self) -> Any:
        day = self.cleaned_data["jour"]
        if day and day > timezone.localdate():
            raise forms.ValidationError("Choisissez aujourd'hui ou un jour passé.")
        return day

    @property
    def as_at(self) -> datetime.date:
        """The day chosen, today by default."""
        day = self.cleaned_data.get("jour") if self.is_valid() else None
        return day or timezone.localdate()

    def lines(self) -> list[Aged]:
        """Return what each debtor owes; nothing while the form is invalid."""
        if not self.is_valid():
            return []
        campaign = self.cleaned_data["campagne"]
        if self.as_at == timezone.localdate():
            return owed_today(self.user, campaign, self.of_territory())
        titres = Titre.objects.for_user(self.user).filter(self.of_territory("debtor"))
        of_campaign = Q(batch__campaign=campaign) if campaign else Q()
        return aged_by_debtor(titres.filter(of_campaign), self.as_at)
