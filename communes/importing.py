"""What imports of the territory share: values cleaned and compared, rows written in bulk."""

import datetime
from collections.abc import Sequence
from typing import Any, TypeVar, cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import models
from simple_history.utils import bulk_create_with_history, get_history_manager_for_model

from communes.models import Department
from tabular import reading
from tabular.kinds import Edit

OUT_OF_REGION = "hors des départements de la région"
BATCH = 1000

M = TypeVar("M", bound=models.Model)


class RefusedRow(ValueError):
    """A row that cannot be taken; the message (French) says why."""


def departments_for_import(dry_run: bool) -> dict[str, Department]:
    """Return the départements by code; when writing, locked so that imports take turns."""
    rows = Department.objects.all()
    departments = {
        row.code: row for row in (rows if dry_run else rows.select_for_update(no_key=True))
    }
    if not departments:
        raise reading.UnreadableFile(
            "Aucun département n'est encore enregistré : "
            "lancez d'abord « manage.py import_communes » sur le serveur."
        )
    return departments


def update(instance: models.Model, values: dict[str, Any]) -> dict[str, str]:
    """Set `values` on `instance`, unsaved; return what changes, in words, by name of field."""
    details = {}
    for name, value in values.items():
        before = getattr(instance, name)
        if before == value:
            continue
        setattr(instance, name, value)
        field = _field(type(instance), name)
        details[name] = f"{field.verbose_name} : {_shown(field, before)} → {_shown(field, value)}"
    return details


def differences(instance: models.Model, values: dict[str, Any]) -> list[Edit]:
    """Return what `values` would change on `instance`, which is left as it is."""
    edits = []
    for name, value in values.items():
        before = getattr(instance, name)
        if before == value:
            continue
        field = _field(type(instance), name)
        label = str(field.verbose_name)
        edits.append(
            Edit(
                kind=name if before else f"{name}_added",
                label=label if before else f"{label} (rien jusqu'ici)",
                before=_shown(field, before) if before else "",
                after=_shown(field, value) if value else "",
                field=name,
                value=value,
                loses=_loses(field, before, value),
                is_harmless=not before,
            )
        )
    return edits


def _loses(field: models.Field, before: Any, value: Any) -> bool:
    """Tell whether a value is taken away, or a text gets shorter; spaces do not count."""
    if not value:
        return bool(before)
    if field.choices or not isinstance(value, str):
        return False
    return len("".join(value.split())) < len("".join(before.split()))


def write_edits(instance: models.Model, edits: Sequence[Edit]) -> None:
    """Set what edits change on `instance`, unsaved."""
    for edit in edits:
        setattr(instance, edit.field, edit.value)


def _field(model: type[models.Model], name: str) -> models.Field:
    return cast(models.Field, model._meta.get_field(name))


def _shown(field: models.Field, value: Any) -> str:
    if isinstance(value, datetime.date):
        return f"{value:%d/%m/%Y}"
    return str(dict(field.flatchoices).get(value, value) or "—")


def clean(model: type[models.Model], name: str, text: str) -> Any:
    """Return `text` as the model's field takes it; raise RefusedRow with the field's message."""
    field = _field(model, name)
    try:
        return field.clean(text, None)
    except ValidationError as error:
        raise RefusedRow(f"{field.verbose_name} « {text} » : {' '.join(error.messages)}") from None


def refuse_scientific(model: type[models.Model], name: str, text: str) -> None:
    """Raise RefusedRow for a code or a count that a spreadsheet has shortened ("4,67E+08")."""
    if reading.is_scientific(text):
        label = _field(model, name).verbose_name
        raise RefusedRow(
            f"{label} « {text} » : un tableur l'a transformé, reprenez le fichier d'origine, colonne "
            "au format texte"
        )


def restore_zeros(code: str, length: int) -> str:
    """Return a numeric code with the leading zero that a spreadsheet took away."""
    return code.zfill(length) if code.isdecimal() and len(code) == length - 1 else code


def save_rows(
    model: type[M],
    created: Sequence[M],
    changed: Sequence[M],
    fields: Sequence[str],
    *,
    by: AbstractBaseUser | None,
    reason: str,
) -> None:
    """Write unsaved rows with their history, signed by `by`, whatever their number."""
    signed = {"batch_size": BATCH, "default_user": by, "default_change_reason": reason}
    if created:
        bulk_create_with_history(created, model, **signed)
    if changed:
        # An upsert: bulk_update() takes eight times longer on a whole region.
        model._default_manager.bulk_create(
            changed,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=fields,
        )
        history = get_history_manager_for_model(model)
        history.bulk_history_create(changed, update=True, **signed)
