"""Days that can be: said once (`law.days`), held by verbs, fields of forms and the database."""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from law.days import Days
from lifecycle.errors import TransitionRefused

# No file is older than this product, nor will one outlive it (years of `Campaign.start_year`).
_THIS_AGE = (datetime.date(2014, 1, 1), datetime.date(2102, 12, 31))


class Window(Days):
    """`Days` as verbs and fields of forms hold them, as seen today."""

    def refusal(self, day: datetime.date) -> str:
        """Return why `day` cannot be (French), with the year that was meant; "" when it can."""
        return self.refusal_on(day, timezone.localdate())

    def check(self, day: datetime.date) -> None:
        """Raise ValidationError unless `day` can be: a validator of form fields."""
        if refusal := self.refusal(day):
            raise ValidationError(refusal, code="implausible")

    def refuse(self, day: datetime.date | None, field: str) -> None:
        """Raise TransitionRefused at `field` unless `day` can be, or is not known."""
        if day and (refusal := self.refusal(day)):
            raise TransitionRefused({field: refusal})


class DateInput(forms.DateInput):
    """A day, as the browser's own calendar offers it."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


def keep_within(form: forms.BaseForm, window: Window, *names: str) -> None:
    """Have each date of `form`, or those of `names`, be within `window`.

    What is not is refused at its field, and not offered by the browser.
    """
    for name, field in form.fields.items():
        if isinstance(field, forms.DateField) and (not names or name in names):
            field.widget.attrs |= {"min": f"{window.first}", "max": f"{window.last}"}
            field.validators.append(window.check)


def constraint(*names: str) -> models.CheckConstraint:
    """Return the database's own guard of the dates of a model, for its `Meta`.

    Which window a row has depends on another table: what the database refuses is what no
    campaign could have.
    """
    condition = Q()
    for name in names:
        condition &= Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__range": _THIS_AGE})
    return models.CheckConstraint(
        name="%(class)s_dates_of_this_age",
        condition=condition,
        violation_error_message="Une date n'est pas de notre temps : vérifiez son année.",
    )
