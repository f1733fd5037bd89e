"""A journal as people read it: states and changed values in their own words."""

import datetime
from dataclasses import dataclass

from django.core.exceptions import FieldDoesNotExist
from django.utils.dateparse import parse_date
from django.utils.text import capfirst

from conventions.lifecycle import AmendmentState, State
from conventions.models import Act, Amendment, Campaign, Convention, JournalEntry, Termination

# Where the label of a changed value is found, in this order.
_MODELS = (Convention, Act, Amendment, Termination, Campaign)
_OTHER_LABELS = {
    "sha256": "empreinte du fichier",
    "attachment": "empreinte de la pièce jointe",
    "uai": "codes UAI",
    "added": "écoles ajoutées",
    "removed": "écoles retirées",
}
# Values that are lists, not an old value and a new one.
_LISTS = ("uai", "added", "removed")


@dataclass(frozen=True)
class Change:
    """One value: its label, what it was and what it is, as text ("—" for nothing)."""

    label: str
    old: str
    new: str

    def __str__(self):
        return f"{self.label} : {self.old} → {self.new}"


@dataclass(frozen=True)
class Line:
    entry: JournalEntry
    from_state: str
    to_state: str
    changes: list[Change]


def timeline(entries) -> list[Line]:
    """Return the lines of a journal, in the order of `entries`."""
    return [line(entry) for entry in entries]


def line(entry: JournalEntry) -> Line:
    """Return an entry in words; states are left out when the state did not change."""
    moved = entry.from_state != entry.to_state
    return Line(
        entry=entry,
        from_state=_state(entry, entry.from_state) if moved else "",
        to_state=_state(entry, entry.to_state) if moved else "",
        changes=[_change(name, entry.changes[name]) for name in sorted(entry.changes, key=_rank)],
    )


def _state(entry, value):
    if entry.convention_id is None:
        choices = Campaign.State
    else:
        # An amendment writes in its convention's journal, under its own name.
        choices = AmendmentState if entry.summary.startswith("Avenant") else State
    return dict(choices.choices).get(value, value)


def _change(name, value):
    field = _field(name)
    label = _OTHER_LABELS.get(name) or (field.verbose_name if field else name)
    is_pair = isinstance(value, list) and len(value) == 2 and name not in _LISTS
    old, new = value if is_pair else (None, value)
    return Change(capfirst(label), _text(old, field), _text(new, field))


def _field(name):
    for model in _MODELS:
        try:
            return model._meta.get_field(name)
        except FieldDoesNotExist:
            continue
    return None


def _rank(name):
    """Values in the order of their model's fields: the database keeps none."""
    for index, model in enumerate(_MODELS):
        names = [field.name for field in model._meta.get_fields()]
        if name in names:
            return index, names.index(name), name
    return len(_MODELS), 0, name


def _text(value, field):
    if value in (None, "", []):
        return "—"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if field is not None and getattr(field, "choices", None):
        return str(dict(field.flatchoices).get(value, value))
    if field is not None and field.get_internal_type() == "DateField":
        day = value if isinstance(value, datetime.date) else parse_date(value)
        return f"{day:%d/%m/%Y}" if day else str(value)
    if field is not None and field.get_internal_type() == "DecimalField":
        return f"{value} €".replace(".", ",")
    return str(value)
