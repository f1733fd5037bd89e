"""Forms of rows that have no version of their own: what was read is what is written over.

Two people who open the same form would otherwise undo each other in silence: the second
one sends back, untouched, what the first has changed.
"""

import hashlib
from collections.abc import Collection
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, prefetch_related_objects
from django.http import HttpRequest

CHANGED = (
    "Cette fiche a été modifiée par quelqu'un d'autre depuis que vous l'avez ouverte : rien n'a "
    "été enregistré. Gardez de côté ce que vous avez saisi, rouvrez la fiche, puis reportez-le."
)


def fingerprint(row: Model, unread: Collection[str] = ()) -> str:
    """Return what stands for the values of a row as it was read; "" for a new one.

    Those to which it is linked count as well; the fields named in `unread` do not.
    """
    if row.pk is None:
        return ""
    own = [field for field in row._meta.concrete_fields if field.name not in unread]
    links = [getattr(row, field.name) for field in row._meta.many_to_many]
    values = [str(getattr(row, field.attname)) for field in own]
    values += [str(sorted(linked.pk for linked in link.all())) for link in links]
    return hashlib.sha256("\0".join(values).encode()).hexdigest()[:16]


class RereadForm(forms.ModelForm):
    """Mixed into a form of a row: refused when the row is no more what its reader saw."""

    read_at = forms.CharField(widget=forms.HiddenInput, required=False)
    unread: Collection[str] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if (row := kwargs.get("instance")) and row.pk is not None:
            # Read once, for what is shown and for what stands for it.
            prefetch_related_objects([row], *(field.name for field in row._meta.many_to_many))
        super().__init__(*args, **kwargs)
        self.found = fingerprint(self.instance, self.unread)
        self.fields["read_at"].initial = self.found

    def clean(self) -> None:
        super().clean()
        if self.cleaned_data.get("read_at") != self.found:
            self.add_error(None, ValidationError(self.refusal_of_stale(), code="stale"))

    def refusal_of_stale(self) -> str:
        """Return why what was typed is not written over what somebody else wrote (French)."""
        return CHANGED


class RereadAdmin(admin.ModelAdmin):
    """Mixed into the admin of such rows: the row is held from its reading to its writing."""

    form_to_change: type[forms.ModelForm] = forms.ModelForm
    # What is written while nobody edits: the day of the last sign-in undoes nobody's work.
    unread: Collection[str] = ()

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is None or request.method != "POST":
            return row
        rows = self.model._default_manager.select_for_update(no_key=True, of=("self",))
        return rows.get(pk=row.pk)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None or not self.has_change_permission(request, obj):
            return super().get_form(request, obj, change=change, **kwargs)
        form = self.form_to_change
        kwargs["form"] = type(form.__name__, (RereadForm, form), {"unread": self.unread})
        # Past what would choose the form: it is chosen.
        return admin.ModelAdmin.get_form(self, request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = list(super().get_fieldsets(request, obj))
        if obj is None or not self.has_change_permission(request, obj):
            return fieldsets
        title, options = fieldsets[0]
        fields = {**options, "fields": (*options["fields"], "read_at")}
        return [(title, fields), *fieldsets[1:]]
