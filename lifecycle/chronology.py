"""The order of dates: said once, held by the database and told at the field of a form."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.admin.utils import label_for_field
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q


@dataclass(frozen=True)
class Order:
    """`later` may not precede `earlier`; `message` (French) says so of the whole.

    With `is_needed`, `later` cannot be known without `earlier`. With `is_strict`, they
    cannot be the same day.
    """

    later: str
    earlier: str
    message: str
    is_needed: bool = True
    is_strict: bool = False

    def constraint(self) -> models.CheckConstraint:
        """Return the database's own guard, named after the model and both dates."""
        in_order = Q(**{f"{self.later}__{'gt' if self.is_strict else 'gte'}": F(self.earlier)})
        if self.is_needed:
            in_order &= Q(**{f"{self.earlier}__isnull": False})
        else:
            in_order |= Q(**{f"{self.earlier}__isnull": True})
        return models.CheckConstraint(
            name=f"%(class)s_{self.later}_after_{self.earlier}",
            condition=Q(**{f"{self.later}__isnull": True}) | in_order,
            violation_error_message=self.message,
        )


def constraints(orders: Iterable[Order]) -> list[models.CheckConstraint]:
    """Return a constraint for each order, for the `Meta` of a model."""
    return [order.constraint() for order in orders]


def refuse_disorder(instance: models.Model, orders: Iterable[Order]) -> None:
    """Raise ValidationError with a message at the field of each date out of order."""
    errors = {}
    for order in orders:
        if message := _disorder(instance, order):
            errors[order.later] = message
    if errors:
        raise ValidationError(errors)


def _disorder(instance: models.Model, order: Order) -> str:
    day, start = getattr(instance, order.later), getattr(instance, order.earlier)
    label = label_for_field(order.earlier, type(instance), return_attr=False)
    if not day:
        return ""
    if not start:
        return f"Donnez aussi l'autre date : « {label} »." if order.is_needed else ""
    if day < start or (order.is_strict and day == start):
        return (
            f"Cette date précède l'autre, « {label} » ({start:%d/%m/%Y}) : "
            "vérifiez l'une et l'autre."
        )
    return ""
