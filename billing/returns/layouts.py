"""Which column of a return says what: guessed from its headers, told once, remembered."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from accounts.models import User
from billing.models.entry import EntryKind
from billing.returns.models import ReturnLayout
from tabular.folding import fold

# What a return may tell. A remission and a write-off are acts of the authorising officer
# (décret 2012-1246, article 124), a decision on a contestation too: never a return.
TOLD = (
    EntryKind.ISSUED,
    EntryKind.REJECTED,
    EntryKind.TAKEN_IN_CHARGE,
    EntryKind.RECEIVED,
    EntryKind.PAYMENT_REVERSED,
    EntryKind.REFUNDED,
    EntryKind.REMINDED,
    EntryKind.CONTESTED,
)


@dataclass(frozen=True)
class Fact:
    """Something that a column may say: its name for a person, words its header may hold."""

    label: str
    words: tuple[str, ...]


FACTS: dict[str, Fact] = {
    "reference": Fact("Notre référence (TP-…)", ("reference interne", "reference", "notre ref")),
    "chorus_number": Fact(
        "Numéro du titre dans Chorus", ("numero du titre", "numero de titre", "numero chorus")
    ),
    "siret": Fact("SIRET du débiteur", ("siret",)),
    "state": Fact("État ou nature de la ligne", ("etat", "statut", "nature", "operation")),
    "on": Fact("Date du fait", ("date d'emission", "date d'encaissement", "date de", "date")),
    "amount": Fact("Montant", ("montant", "encaisse", "somme")),
    "due_on": Fact("Échéance", ("echeance", "exigib")),
    "notified_on": Fact("Date de notification", ("notifi",)),
    "piece": Fact("Référence du paiement", ("paiement", "virement", "piece")),
    "reason": Fact("Motif", ("motif", "commentaire", "observation")),
}

_STATES = (
    (EntryKind.PAYMENT_REVERSED, ("annulation d'encaissement", "encaissement annule", "impaye")),
    (EntryKind.REJECTED, ("rejet",)),
    (EntryKind.TAKEN_IN_CHARGE, ("pris en charge", "prise en charge", "pec")),
    (EntryKind.REFUNDED, ("rembours",)),
    (EntryKind.REMINDED, ("relance", "mise en demeure")),
    (EntryKind.CONTESTED, ("contest", "reclamation")),
    (EntryKind.RECEIVED, ("encaiss", "recouvr", "paye", "paiement", "regle", "solde")),
    (EntryKind.ISSUED, ("emis", "emission")),
)


@dataclass(frozen=True)
class Layout:
    """`columns` gives the place of each fact, from 0; `states` what each word, folded, means.

    A word that means "" is left alone: its rows are not read.
    """

    columns: Mapping[str, int]
    states: Mapping[str, str] = field(default_factory=dict)
    default_kind: str = ""

    def cell(self, cells: Sequence[str], name: str) -> str:
        """Return what a row says of a fact, "" where no column does."""
        place = self.columns.get(name)
        return cells[place] if place is not None and place < len(cells) else ""

    def kind_of(self, cells: Sequence[str]) -> str | None:
        """Return the kind that a row tells; "" for a row to leave alone, None if unknown."""
        if "state" in self.columns:
            return self.states.get(fold(self.cell(cells, "state")), self.default_kind or None)
        return self.default_kind or None


def signature_of(headers: Iterable[str]) -> str:
    """Name a layout by its headers: case and accents do not count."""
    return hashlib.sha256("\x1f".join(fold(header) for header in headers).encode()).hexdigest()


def known_layout(signature: str) -> Layout | None:
    """Return what was told of files with the same headers."""
    known = ReturnLayout.objects.filter(signature=signature).first()
    return Layout(known.columns, known.states, known.default_kind) if known else None


def remember(headers: Sequence[str], layout: Layout, *, by: User) -> None:
    """Keep a layout for the next files with the same headers."""
    ReturnLayout.objects.update_or_create(
        signature=signature_of(headers),
        defaults={
            "headers": list(headers),
            "columns": dict(layout.columns),
            "states": dict(layout.states),
            "default_kind": layout.default_kind,
            "changed_by": by,
        },
    )


def guess(headers: Sequence[str], words: Iterable[str]) -> Layout:
    """Propose a layout: each column says one thing at most, the surest header first."""
    folded = [fold(header) for header in headers]
    columns: dict[str, int] = {}
    for name, fact in FACTS.items():
        free = [place for place in range(len(folded)) if place not in columns.values()]
        found = (place for word in fact.words for place in free if word in folded[place])
        if (place := next(found, None)) is not None:
            columns[name] = place
    return Layout(columns, {fold(word): guess_kind(word) for word in words})


def guess_kind(word: str) -> str:
    """Return the kind of entry that a word of the accountant most likely tells, "" if none."""
    folded = fold(word)
    return next((kind for kind, roots in _STATES if any(root in folded for root in roots)), "")
