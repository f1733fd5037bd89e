"""Rows that never change once written: refused by the ORM, and by the database itself.

What was issued, published, billed or journalled is corrected by another row. `save` and
`delete` refuse, a queryset's `update` and `delete` refuse, and two triggers a table stop
whoever goes round them, in SQL too (`lifecycle.triggers`).
"""

from typing import Any, ClassVar, NoReturn, TypeVar

from django.db import models

from lifecycle.triggers import Spared


class FrozenError(Exception):
    """Something issued, or published, was about to change."""


M = TypeVar("M", bound="Frozen")


class FrozenQuerySet(models.QuerySet[M]):
    def update(self, **values: Any) -> NoReturn:
        raise FrozenError(self._refusal)

    def delete(self) -> NoReturn:
        raise FrozenError(self._refusal)

    @property
    def _refusal(self) -> str:
        return self.model.frozen_message


class Frozen(models.Model):
    """A row written once.

    `frozen_message` says so in French; `frozen_when` is the SQL condition on `OLD` under
    which the database refuses a change, always by default; `frozen_but` the changes that it
    lets through all the same.
    """

    frozen_message: ClassVar[str] = "Ce qui est enregistré ici ne change plus."
    frozen_when: ClassVar[str] = ""
    frozen_but: ClassVar[tuple[Spared, ...]] = ()

    objects = FrozenQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise FrozenError(self.frozen_message)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise FrozenError(self.frozen_message)
