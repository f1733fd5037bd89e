"""A file to receive, what its columns say, how a row of the tray is settled."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from billing.models import Titre
from billing.models.entry import EntryKind
from billing.pages import ReasonForm
from billing.recording import Fact
from billing.returns.layouts import FACTS, TOLD, Layout
from incoming.fields import IncomingFileField
from lifecycle.plausible import DateInput
from tabular.folding import fold
from tabular.reading import MAX_BYTES
from tabular.values import UnreadableValue, read_amount

_KINDS = [(kind.value, str(kind.label).capitalize()) for kind in TOLD]


class UploadForm(DsfrBaseForm):
    file = IncomingFileField(
        label="Retour du comptable",
        help_text="CSV ou classeur (XLSX, ODS). Rien n'est appliqué avant que vous l'ayez vu.",
        error_messages={"empty": "Le fichier est vide."},
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MAX_BYTES:
            raise ValidationError(f"Le fichier dépasse {MAX_BYTES // 1024 // 1024} Mo.")
        return file


class LayoutForm(DsfrBaseForm):
    """Which column says what; `words` are those of the column of states, at most some dozens."""

    def __init__(
        self,
        data: QueryDict | None,
        *,
        headers: Sequence[str],
        words: Sequence[str],
        layout: Layout,
    ) -> None:
        super().__init__(data)
        self.words = words
        places = [("", "Aucune colonne")]
        places += [(str(i), header or f"Colonne {i + 1}") for i, header in enumerate(headers)]
        for name, fact in FACTS.items():
            self.fields[name] = forms.ChoiceField(
                label=fact.label, choices=places, required=False, initial=layout.columns.get(name)
            )
        self.fields["default_kind"] = forms.ChoiceField(
            label="Nature des lignes dont aucune colonne ne dit l'état",
            choices=[("", "Aucune"), *_KINDS],
            required=False,
            initial=layout.default_kind,
        )
        for number, word in enumerate(words):
            self.fields[f"word-{number}"] = forms.ChoiceField(
                label=f"« {word} » veut dire",
                choices=[("", "Laisser ces lignes de côté"), *_KINDS],
                required=False,
                initial=layout.states.get(fold(word), ""),
            )

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if not any(typed.get(name) for name in ("reference", "chorus_number", "siret")):
            self.add_error(
                None, "Une colonne au moins doit désigner le titre : référence, numéro ou SIRET."
            )
        if not typed.get("on"):
            self.add_error("on", "Désignez la colonne de la date.")
        if typed.get("state") and any(f"word-{n}" not in self.data for n in range(len(self.words))):
            self.add_error(
                "state", "Dites maintenant ce que veut dire chaque mot de cette colonne."
            )
        if not typed.get("state") and not typed.get("default_kind"):
            self.add_error("default_kind", "Dites ce que racontent ces lignes.")
        return typed

    def layout(self) -> Layout:
        """Return what was told, once valid."""
        typed = self.cleaned_data
        return Layout(
            columns={name: int(typed[name]) for name in FACTS if typed.get(name)},
            states={fold(word): typed[f"word-{n}"] for n, word in enumerate(self.words)},
            default_kind=typed["default_kind"],
        )


class SettlementForm(ReasonForm):
    """What a row tells after all, and of which titres."""

    kind = forms.ChoiceField(label="Nature", choices=_KINDS)
    on = forms.DateField(label="Date du fait", widget=DateInput)
    chorus_number = forms.CharField(
        label="Numéro du titre dans Chorus",
        max_length=50,
        required=False,
        help_text="Pour un titre émis.",
    )
    titres = forms.CharField(
        label="Titres et montants",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text="Un titre par ligne : sa référence puis le montant, « TP-2026-34337 45,00 ». "
        "Plusieurs lignes pour un versement qui couvre plusieurs titres.",
    )
    field_order = ("kind", "on", "chorus_number", "titres", "reason")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_titres(self) -> list[tuple[Titre, Decimal]]:
        shares = []
        for line in self.cleaned_data["titres"].splitlines():
            if words := line.split(maxsplit=1):
                shares.append((self._titre(words[0]), self._amount(words[1:])))
        return shares

    def _titre(self, reference: str) -> Titre:
        found = Titre.objects.for_user(self.user).filter(reference=reference.upper()).first()
        if found is None:
            raise ValidationError(f"Aucun titre n'a pour référence « {reference[:40]} ».")
        return found

    def _amount(self, words: list[str]) -> Decimal:
        try:
            return read_amount(words[0]) if words else Decimal("0.00")
        except UnreadableValue as error:
            raise ValidationError(str(error)) from error

    def fact(self) -> Fact:
        """Return what was typed, as the ledger takes it; each titre has its own amount."""
        typed = self.cleaned_data
        return Fact(
            EntryKind(typed["kind"]),
            typed["on"],
            chorus_number=typed["chorus_number"],
            reason=typed["reason"],
        )
