"""A journal as people read it: states and changed values in their own words."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Field, Model
from django.utils.dateparse import parse_date
from django.utils.text import capfirst

from conventions.acts.models import Act
from conventions.acts.sitting import Sitting
from conventions.amendments.lifecycle import AmendmentState
from conventions.amendments.models import Amendment
from conventions.campaigns.lifecycle import CampaignState
from conventions.campaigns.models import Campaign
from conventions.dossiers.parts import parts_of
from conventions.lifecycle import State, label_for
from conventions.models import ConfirmedParty, Convention, part_label
from conventions.terminations.lifecycle import TerminationState
from conventions.terminations.models import Termination
from lifecycle.models import JournalEntry

# Where the label of a changed value is found, in this order.
_MODELS: tuple[type[Model], ...] = (
    *(Convention, ConfirmedParty, Act, Sitting),
    *(Amendment, Termination, Campaign),
)
# Whose values a verb writes, before those: several models have a number, and a state.
_MODELS_OF_VERB: dict[str, tuple[type[Model], ...]] = dict.fromkeys(
    ("record_act", "adapt_act", "record_act_dates", "drop_draft"), (Act, Sitting)
)
_MODELS_OF_PART: dict[str, tuple[type[Model], ...]] = {"A": (Amendment,), "T": (Termination,)}
_OTHER_LABELS = {
    "sha256": "empreinte du fichier",
    "attachment": "empreinte de la pièce jointe",
    "capacity_gender": "fonction au féminin ou au masculin",
    "uai": "codes UAI",
    "added": "écoles ajoutées",
    "removed": "écoles retirées",
}
# The states of each kind of part.
_STATES = {"": State, "A": AmendmentState, "T": TerminationState}
# What an expert alone makes something of: folded on the page of a town hall.
_OF_EXPERTS = ("sha256", "attachment")
# Values that are lists, not an old value and a new one.
_LISTS = ("uai", "added", "removed")


@dataclass(frozen=True)
class Change:
    """One value: its label, what it was and what it is, as text ("—" for nothing)."""

    label: str
    old: str
    new: str
    is_of_experts: bool = False

    def __str__(self) -> str:
        return f"{self.label} : {self.old} → {self.new}"


@dataclass(frozen=True)
class Line:
    """An entry, and in words: what was done, to which part of the file, what it changed."""

    entry: JournalEntry
    summary: str
    from_state: str
    to_state: str
    changes: list[Change]

    @property
    def plain_changes(self) -> list[Change]:
        return [change for change in self.changes if not change.is_of_experts]

    @property
    def expert_changes(self) -> list[Change]:
        return [change for change in self.changes if change.is_of_experts]


def timeline(entries: Iterable[JournalEntry], role: str = "") -> list[Line]:
    """Return the lines of a journal as `role` reads it (an agent), in the order of `entries`."""
    return [line(entry, role) for entry in entries]


def as_collectivity(
    convention: Convention, entries: Iterable[JournalEntry]
) -> Iterable[JournalEntry]:
    """Leave of a journal what the collectivity reads: not a word of avenants in preparation."""
    parts = parts_of(convention)
    unsent = {a.part for a in parts if isinstance(a, Amendment) and a.sent_on is None}
    return (entry for entry in entries if entry.part not in unsent)


def line(entry: JournalEntry, role: str = "") -> Line:
    """Return an entry in words; states are left out when the state did not change."""
    moved = entry.from_state != entry.to_state
    return Line(
        entry=entry,
        summary=summary_of(entry),
        from_state=_state(entry, entry.from_state, role) if moved else "",
        to_state=_state(entry, entry.to_state, role) if moved else "",
        changes=_changes(entry),
    )


def summary_of(entry: JournalEntry) -> str:
    """Return what was done, with the part of the file: "Avenant n° 1 : envoyé…"."""
    if not entry.part:
        return entry.summary
    return f"{capfirst(part_label(entry.part))} : {entry.summary[:1].lower()}{entry.summary[1:]}"


def _state(entry: JournalEntry, value: str, role: str) -> str:
    if entry.convention_id is not None and not entry.part and value in State:
        return label_for(value, role)
    states = CampaignState if entry.convention_id is None else _STATES[entry.part[:1]]
    return str(dict(states.choices).get(value, value))


def _changes(entry: JournalEntry) -> list[Change]:
    """What an entry changed, in the order of the fields: the database keeps none."""
    models = _models_of(entry)
    fields = {name: _field(name, models) for name in entry.changes}
    last = len(models), 0
    places = {
        name: (models.index(field.model), field.model._meta.fields.index(field)) if field else last
        for name, field in fields.items()
    }
    names = sorted(fields, key=lambda name: (places[name], name))
    return [_change(name, entry.changes[name], fields[name]) for name in names]


def _models_of(entry: JournalEntry) -> list[type[Model]]:
    """Return the models whose values an entry may tell, those of its own verb or part first."""
    if entry.convention_id is None:
        first: tuple[type[Model], ...] = (Campaign,)
    else:
        first = _MODELS_OF_VERB.get(entry.verb) or _MODELS_OF_PART.get(entry.part[:1], ())
    return [*first, *(model for model in _MODELS if model not in first)]


def _change(name: str, value: Any, field: Field | None) -> Change:
    label = _OTHER_LABELS.get(name) or (field.verbose_name if field else name)
    is_pair = isinstance(value, list) and len(value) == 2 and name not in _LISTS
    old, new = value if is_pair else (None, value)
    texts = _text(old, field), _text(new, field)
    return Change(capfirst(str(label)), *texts, is_of_experts=name in _OF_EXPERTS)


def _field(name: str, models: Iterable[type[Model]]) -> Field | None:
    fields = (field for model in models for field in model._meta.fields)
    return next((field for field in fields if name in (field.name, field.attname)), None)


def _text(value: Any, field: Field | None) -> str:
    if value in (None, "", []):
        return "—"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if field is not None and field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if field is not None and field.get_internal_type() == "DateField":
        day = value if isinstance(value, datetime.date) else parse_date(value)
        return f"{day:%d/%m/%Y}" if day else str(value)
    if field is not None and field.get_internal_type() == "DecimalField":
        return f"{value} €".replace(".", ",")
    return str(value)
