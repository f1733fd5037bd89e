"""What the finance staff choose from and fill in."""

import re
from functools import reduce
from operator import and_

from django import forms
from django.db.models import Q
from django.http import QueryDict
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from accounts.scope import collectivity_scope
from billing.claims import Shown, claimable, showing
from billing.models import ChorusSettings
from communes.identifiers import normalise
from communes.models import Academy, Department
from conventions.campaigns.models import Campaign
from conventions.models import Convention
from conventions.models.convention import ConventionQuerySet
from tabular.folding import fold


class ClaimFilterForm(DsfrBaseForm):
    """Which claims are shown, from the address: a link keeps the choice.

    Without a campaign in the address, the newest that has claims is chosen.
    """

    campagne = forms.ModelChoiceField(
        label="Année scolaire",
        queryset=Campaign.objects.none(),
        to_field_name="start_year",
        empty_label=None,
        error_messages={
            "required": "Choisissez une année scolaire.",
            "invalid_choice": "Cette année scolaire n'a pas de campagne : choisissez-en une autre.",
        },
    )
    academie = forms.ModelChoiceField(
        label="Académie",
        queryset=Academy.objects.none(),
        to_field_name="code",
        required=False,
        empty_label="Toutes",
        error_messages={"invalid_choice": "Choisissez une académie de la liste."},
    )
    departement = forms.ModelChoiceField(
        label="Département",
        queryset=Department.objects.none(),
        to_field_name="code",
        required=False,
        empty_label="Tous",
        error_messages={"invalid_choice": "Choisissez un département de la liste."},
    )
    etat = forms.ChoiceField(
        label="Titres",
        choices=[
            (Shown.ALL, "Tous"),
            (Shown.TO_EXPORT, "À exporter"),
            (Shown.EXPORTED, "Déjà exportés"),
        ],
        required=False,
        error_messages={"invalid_choice": "Choisissez un état de la liste."},
    )
    recherche = forms.CharField(
        label="Nom, référence ou SIRET",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: QueryDict, *, user: User) -> None:
        data = data.copy()
        self.user = user
        if not data.get("campagne") and (newest := newest_campaign(user)):
            data["campagne"] = str(newest.start_year)
        super().__init__(data)
        # Those of the collectivities in the user's scope: a rectorat agent may have a few only.
        departments = Department.objects.filter(
            collectivity_scope(user, "collectivities")
        ).distinct()
        self.fields["campagne"].queryset = Campaign.objects.all()
        self.fields["campagne"].label_from_instance = lambda campaign: campaign.school_year
        self.fields["departement"].queryset = departments
        self.fields["academie"].queryset = Academy.objects.filter(
            departments__in=departments
        ).distinct()

    @property
    def campaign(self) -> Campaign | None:
        """The campaign chosen; None while the form is invalid."""
        return self.cleaned_data.get("campagne") if self.is_valid() else None

    @property
    def is_narrowed(self) -> bool:
        """Tell whether something more than the campaign was chosen."""
        return self.is_valid() and any(
            self.cleaned_data[name] for name in self.fields if name != "campagne"
        )

    @property
    def shown(self) -> Shown:
        return Shown(self.cleaned_data["etat"]) if self.is_valid() else Shown.ALL

    def conventions(self) -> ConventionQuerySet:
        """Return the conventions whose claims are shown; none while the form is invalid."""
        if not self.is_valid():
            return Convention.objects.none()
        conventions = claimable(self.cleaned_data["campagne"], self.user)
        if department := self.cleaned_data["departement"]:
            conventions = conventions.filter(collectivity__department=department)
        if academy := self.cleaned_data["academie"]:
            conventions = conventions.filter(collectivity__department__academy=academy)
        if text := self.cleaned_data["recherche"]:
            conventions = conventions.filter(matching(text))
        return showing(conventions, self.shown)

    def query(self) -> str:
        """Return the choice as it stands in an address, without the page number."""
        chosen = self.data.copy()
        for name in list(chosen):
            if name not in self.fields or not chosen[name]:
                del chosen[name]
        return chosen.urlencode()


def newest_campaign(user: User) -> Campaign | None:
    """Return the newest campaign with claims that `user` may see, else the newest of all."""
    with_claims = Convention.objects.for_user(user).signed().values("campaign")
    return Campaign.objects.filter(pk__in=with_claims).first() or Campaign.objects.first()


def matching(text: str) -> Q:
    """Return the filter of a search: every word of a name, either reference, SIRET."""
    # "TP-2022-34337" is our reference of the claim of ENT-2022-34337, "-A1" of its avenant.
    reference = re.sub(r"-A\d+$", "", text.upper().removeprefix("TP"))
    found = Q(reference__icontains=reference)
    if words := fold(text).split():
        named = (Q(collectivity__search_text__contains=word) for word in words)
        found |= reduce(and_, named)
    if (digits := normalise(text)).isdecimal():
        found |= Q(party__siret__contains=digits)
    return found


class ChorusSettingsForm(DsfrBaseForm, forms.ModelForm):
    class Meta:
        model = ChorusSettings
        fields = [
            "nature_de_recette",
            "fonds",
            "centre_financier",
            "domaine_fonctionnel",
            "centre_de_couts",
            "compte_pce",
            "activite",
        ]
