"""What finance chooses from among claims, and fills in about one."""

from collections.abc import Sequence
from functools import reduce
from operator import and_
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q
from django.http import QueryDict
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from accounts.scope import collectivity_scope
from billing.claims.due import Due, dues_in_brief
from billing.claims.listing import Share, Shown, claims_of
from billing.models import Entry, Titre
from billing.models.entry import EntryKind
from billing.pages import AmountField, Menu, ReasonForm
from billing.recording import Fact
from communes.identifiers import normalise
from communes.models import Collectivity, Department
from conventions.campaigns.models import Campaign
from conventions.models import Convention
from conventions.models.convention import ConventionQuerySet
from lifecycle.plausible import DateInput, Window, keep_within
from tabular.admin_search import searchable
from tabular.folding import fold


class TerritoryForm(DsfrBaseForm):
    """A campaign and a territory, from the address: a link keeps the choice.

    Without a campaign in the address, the newest that has claims is chosen.
    """

    campagne = forms.TypedChoiceField(
        label="Année scolaire",
        widget=Menu,
        error_messages={
            "required": "Choisissez une année scolaire.",
            "invalid_choice": "Cette année scolaire n'a pas de campagne : choisissez-en une autre.",
        },
    )
    academie = forms.TypedChoiceField(
        label="Académie",
        widget=Menu,
        required=False,
        error_messages={"invalid_choice": "Choisissez une académie de la liste."},
    )
    departement = forms.TypedChoiceField(
        label="Département",
        widget=Menu,
        required=False,
        error_messages={"invalid_choice": "Choisissez un département de la liste."},
    )

    def __init__(self, data: QueryDict, *, user: User) -> None:
        data = data.copy()
        self.user = user
        if not data.get("campagne") and (newest := self.default_campaign(user)):
            data["campagne"] = str(newest.start_year)
        super().__init__(data)
        # Those of the collectivities in the user's scope: a rectorat agent may have a few only.
        departments = list(
            Department.objects.filter(collectivity_scope(user, "collectivities"))
            .select_related("academy")
            .distinct()
        )
        academies = {each.academy for each in departments}
        campaigns = {str(each.start_year): each for each in Campaign.objects.all()}
        self._offer("campagne", campaigns, {key: c.school_year for key, c in campaigns.items()})
        self._offer(
            "academie",
            {each.code: each for each in sorted(academies, key=lambda academy: academy.name)},
            {"": "Toutes"},
        )
        self._offer("departement", {each.code: each for each in departments}, {"": "Tous"})

    def _offer(self, name: str, found: dict[str, Any], labels: dict[str, str]) -> None:
        """Let one of `found` be chosen by its key; `labels` begin with what is not one of them."""
        field = self.fields[name]
        named = {key: labels.get(key, str(each)) for key, each in found.items()}
        field.choices = list((labels | named).items())
        field.coerce, field.empty_value = found.__getitem__, None

    @staticmethod
    def default_campaign(user: User) -> Campaign | None:
        """Return the newest campaign with claims that `user` may see, else the newest of all."""
        signed = Convention.objects.for_user(user).signed().filter(campaign=OuterRef("pk"))
        return Campaign.objects.filter(Exists(signed)).first() or Campaign.objects.first()

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

    def of_territory(self, path: str = "") -> Q:
        """Return the filter of the territory chosen; `path` leads to a collectivity.

        Without it, the filter of départements themselves.
        """
        department, academy = self.cleaned_data["departement"], self.cleaned_data["academie"]
        to_department = f"{path}__department" if path else "pk"
        to_academy = f"{path}__department__academy" if path else "academy"
        found = Q(**{to_department: department.pk}) if department else Q()
        return found & Q(**{to_academy: academy.pk}) if academy else found

    def query(self, *, without: str = "") -> str:
        """Return the choice as it stands in an address, without the page number.

        `without` is a field left out too.
        """
        chosen = self.data.copy()
        for name in list(chosen):
            if name not in self.fields or not chosen[name] or name == without:
                del chosen[name]
        return chosen.urlencode()


class ClaimFilterForm(TerritoryForm):
    """Which claims are shown."""

    etat = forms.ChoiceField(
        label="Titres",
        widget=Menu,
        choices=[
            (Shown.ALL, "Tous"),
            (Shown.TO_ASK, "À demander"),
            (Shown.ASKED, "Demandés, émis ou non"),
            (Shown.PENDING, "Demandés, réponse attendue"),
            (Shown.ISSUED, "Émis"),
            (Shown.EXEMPT, "Exonérés"),
        ],
        required=False,
        error_messages={"invalid_choice": "Choisissez un état de la liste."},
    )
    recherche = forms.CharField(
        label="Nom, référence, SIRET ou numéro",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    @property
    def shown(self) -> Shown:
        return Shown(self.cleaned_data["etat"]) if self.is_valid() else Shown.ALL

    def shares(self) -> list[Share]:
        """Return what each convention shown comes to, in order; none while the form is invalid."""
        if not self.is_valid():
            return []
        campaign, text = self.cleaned_data["campagne"], self.cleaned_data["recherche"]
        shares = claims_of(campaign, self.user, self.of_territory(), self.shown)
        if not text:
            return shares
        matched = self._conventions().filter(matching(text), campaign=campaign)
        found = set(matched.order_by().values_list("pk", flat=True))
        return [share for share in shares if share.key in found]

    def dues(self, shares: Sequence[Share]) -> list[Due]:
        """Return what lists say of some hundreds of shares, in order."""
        return dues_in_brief(self._conventions(), [share.key for share in shares])

    def _conventions(self) -> ConventionQuerySet:
        return Convention.objects.for_user(self.user).signed()


def matching(text: str) -> Q:
    """Return the filter of a search: every word of a name, either reference, SIRET, number."""
    # "TP-2022-34337" is our reference of what ENT-2022-34337 makes due.
    reference = text.upper().strip()
    titres = Q(claim__titres__reference=reference) | Q(
        claim__titres__entries__chorus_number__iexact=reference
    )
    # A subquery: a claim with two titres is shown once.
    found = Q(pk__in=Convention.objects.filter(titres).values("pk")) | Q(
        reference__icontains=reference.removeprefix("TP")
    )
    if words := fold(searchable(text)).split():
        named = (Q(collectivity__search_text__contains=word) for word in words)
        found |= reduce(and_, named)
    if (digits := normalise(text)).isdecimal():
        found |= Q(party__siret__contains=digits)
    return found


class DebtorForm(ReasonForm):
    """Who owes instead of who signed: by INSEE code, or SIREN of a grouping."""

    collectivity = forms.CharField(
        label="Code INSEE de la commune, ou SIREN du regroupement",
        max_length=9,
        help_text="La même collectivité reprend ses coordonnées d'aujourd'hui : un SIRET corrigé, "
        "par exemple.",
    )
    field_order = ("collectivity", "reason")

    def clean_collectivity(self) -> Collectivity:
        code = normalise(self.cleaned_data["collectivity"])
        found = Collectivity.objects.select_related("commune", "merged_into").filter(code=code)
        if collectivity := found.first():
            return collectivity
        raise ValidationError("Aucune collectivité ne porte ce code.")


# What each kind of entry asks for, beside its day and the reason why it is made by hand.
_FIELDS: dict[str, tuple[str, ...]] = {
    EntryKind.REJECTED: (),
    EntryKind.ISSUED: ("chorus_number", "due_on", "notified_on"),
    EntryKind.TAKEN_IN_CHARGE: (),
    EntryKind.RECEIVED: ("amount",),
    EntryKind.PAYMENT_REVERSED: ("amount",),
    EntryKind.REFUNDED: ("amount",),
    EntryKind.REMINDED: (),
    EntryKind.CONTESTED: ("amount",),
    EntryKind.DECIDED: ("amount", "decision", "author"),
    EntryKind.REMITTED: ("amount", "decision", "author"),
    EntryKind.WRITTEN_OFF: ("amount", "decision", "author"),
}
_AMOUNTS = {
    EntryKind.CONTESTED: ("Montant contesté", "Vide : tout ce qui reste dû."),
    EntryKind.DECIDED: ("Montant accordé", "Vide : la contestation est rejetée."),
}
_DAYS = {
    EntryKind.CONTESTED: "Reçue par le comptable le",
    EntryKind.ISSUED: "Date du titre",
}


class EntryForm(ReasonForm):
    """A fact of one kind about a titre, entered by hand."""

    on = forms.DateField(label="Date du fait", widget=DateInput)
    amount = AmountField(label="Montant")
    chorus_number = forms.CharField(label="Numéro du titre dans Chorus", max_length=50)
    due_on = forms.DateField(label="Échéance", required=False, widget=DateInput)
    notified_on = forms.DateField(
        label="Notifié au débiteur le",
        required=False,
        widget=DateInput,
        help_text="Le délai de contestation court de ce jour.",
    )
    decision = forms.CharField(
        label="Référence de la décision", max_length=200, help_text="Numéro et date."
    )
    author = forms.CharField(
        label="Auteur de la décision", max_length=200, help_text="Nom et qualité de l'ordonnateur."
    )
    field_order = (
        "on",
        "amount",
        "chorus_number",
        "due_on",
        "notified_on",
        "decision",
        "author",
        "reason",
    )

    def __init__(self, *args: Any, kind: EntryKind, titre: Titre, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        kept = {"on", "reason", *_FIELDS[kind]}
        for name in [name for name in self.fields if name not in kept]:
            del self.fields[name]
        since = Window(titre.requested_on, timezone.localdate())
        keep_within(self, since, "on", "notified_on")
        self.fields["on"].label = _DAYS.get(kind, "Date du fait")
        if kind in _AMOUNTS:
            amount = self.fields["amount"]
            amount.label, amount.help_text = _AMOUNTS[kind]
            amount.required = False

    def fact(self) -> Fact:
        """Return what was typed, as the ledger takes it."""
        typed = {name: value for name, value in self.cleaned_data.items() if value is not None}
        return Fact(self.kind, **typed)


class ReversalForm(ReasonForm):
    on = forms.DateField(label="Date de l'annulation", widget=DateInput)
    field_order = ("on", "reason")

    def __init__(self, *args: Any, wrong: Entry, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keep_within(self, Window(wrong.on, timezone.localdate()))
