"""What finance chooses for a list, and records of a batch."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from billing.balances import in_state
from billing.batches.preparing import Choice
from billing.claims.forms import TerritoryForm
from billing.claims.obstacles import Obstacle
from billing.ledger import Status
from billing.models import Batch, Titre
from billing.models.titre import TitreQuerySet
from billing.pages import Menu
from lifecycle.plausible import DateInput, Window, keep_within


class ListForm(TerritoryForm):
    """Which conventions are listed: campaign, territory, kinds of titre."""

    natures = forms.MultipleChoiceField(
        label="Natures de titres",
        choices=Titre.Kind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Aucune cochée : toutes.",
    )

    def choice(self) -> Choice:
        """Return what was chosen in a valid form."""
        typed = self.cleaned_data
        academy, department = typed["academie"], typed["departement"]
        return Choice(
            typed["campagne"],
            academy_code=academy.code if academy else "",
            department_code=department.code if department else "",
            kinds=tuple(typed["natures"]),
        )


class TitresForm(DsfrBaseForm):
    """Which titres of a batch are shown."""

    nature = forms.ChoiceField(
        label="Nature",
        widget=Menu,
        choices=[("", "Toutes"), *((kind.value, kind.label.capitalize()) for kind in Titre.Kind)],
        required=False,
        error_messages={"invalid_choice": "Choisissez une nature de la liste."},
    )
    etat = forms.ChoiceField(
        label="État",
        widget=Menu,
        choices=[("", "Tous"), *((state.value, state.label.capitalize()) for state in Status)],
        required=False,
        error_messages={"invalid_choice": "Choisissez un état de la liste."},
    )

    @property
    def is_narrowed(self) -> bool:
        """Tell whether something was chosen."""
        return self.is_valid() and any(self.cleaned_data.values())

    def titres(self, batch: Batch) -> TitreQuerySet:
        """Return the titres of a batch that are shown; none while the form is invalid."""
        if not self.is_valid():
            return Titre.objects.none()
        found = Titre.objects.filter(batch=batch)
        if kind := self.cleaned_data["nature"]:
            found = found.filter(kind=kind)
        if state := self.cleaned_data["etat"]:
            found = in_state(found, Status(state), timezone.localdate())
        return found


class PassOverForm(DsfrBaseForm):
    """One reason for all the lines that one obstacle alone stands in the way of."""

    obstacle = forms.ChoiceField(label="Obstacle")
    reason = forms.CharField(label="Motif pour passer outre", max_length=1000)

    def __init__(
        self, data: QueryDict | None = None, *, obstacles: list[tuple[Obstacle, int]]
    ) -> None:
        super().__init__(data)
        self.fields["obstacle"].choices = [
            (obstacle.value, f"{str(obstacle.label).capitalize()} ({count})")
            for obstacle, count in obstacles
        ]


class SentForm(DsfrBaseForm):
    on = forms.DateField(label="Transmis au comptable le", widget=DateInput)

    def __init__(self, *args: Any, batch: Batch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keep_within(self, Window(timezone.localdate(batch.made_at), timezone.localdate()))
