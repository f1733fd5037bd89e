"""What somebody else wrote while a form was filled in: shown beside what was typed.

Each form carries what its reader saw, a few letters a field. When the file has changed, a
field that the reader left alone takes what the other wrote; one that the other left alone
keeps what was typed; what both changed is shown side by side. Sending again is then a choice
made knowingly, and goes through.
"""

import datetime
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms

SEEN = "seen"


@dataclass(frozen=True)
class Difference:
    """A field that somebody else changed: theirs, what was typed, and which the form holds now."""

    label: str
    theirs: str
    typed: str
    is_taken: bool


def seen(form: forms.BaseForm) -> str:
    """Return what stands for the values on file, field by field, as a form carries it."""
    return json.dumps({name: _mark(value) for name, _, value in _on_file(form)})


def reconcile(form: forms.BaseForm) -> list[Difference]:
    """Bring a form that was sent up to what is on file; return what somebody else changed.

    The form is the one refused: its initial values are today's, its data are what was typed.
    """
    before = _read(form.data.get(SEEN, ""))
    data = form.data.copy()  # type: ignore[attr-defined]
    differences = []
    for name, field, current in _on_file(form):
        if name not in form.cleaned_data or _mark(current) == before.get(name):
            continue
        typed = form.cleaned_data[name]
        if _mark(typed) == _mark(current):
            continue
        is_taken = _mark(typed) == before.get(name)
        if is_taken:
            data.setlist(form.add_prefix(name), _as_sent(current))
        said = _in_words(field, current), _in_words(field, typed)
        differences.append(Difference(str(form[name].label), *said, is_taken))
    data[SEEN] = seen(form)
    form.data = data
    return differences


def _on_file(form: forms.BaseForm) -> Iterator[tuple[str, forms.Field, Any]]:
    for name, field in form.fields.items():
        if not field.widget.is_hidden and not isinstance(field, forms.FileField):
            yield name, field, form.get_initial_for_field(field, name)


def _read(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _mark(value: Any) -> str:
    """Return a few letters that are the same for values that read the same."""
    text = "" if value in (None, False) else str(value).replace("\r\n", "\n").strip()
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _as_sent(value: Any) -> list[str]:
    """Return a value as a browser sends it."""
    return [] if value is False else ["" if value is None else str(value)]


def _in_words(field: forms.Field, value: Any) -> str:
    if isinstance(field, forms.ChoiceField):
        value = next((label for key, label in field.widget.choices if key == value), value)
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, datetime.date):
        return f"{value:%d/%m/%Y}"
    return str(value or "").strip() or "(vide)"
