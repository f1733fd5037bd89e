"""Numbers that never come back."""

from typing import ClassVar

from django.db import models
from django.db.models import F

from lifecycle.triggers import Rule

_BACKWARDS = "Un numéro donné ne l'est plus jamais."


class Counter(models.Model):
    """A number that only grows: of the batches of a year, of the writings in the ledger."""

    name = models.CharField("compteur", max_length=60, primary_key=True)
    value = models.PositiveBigIntegerField("dernier numéro donné", default=0)

    database_rules: ClassVar = (
        Rule("counter_grows", "BEFORE UPDATE", "NEW.value <= OLD.value", _BACKWARDS),
        Rule("counter_stays", "BEFORE DELETE", "1 = 1", _BACKWARDS),
    )

    class Meta:
        verbose_name = "compteur"
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name} : {self.value}"


def next_number(name: str) -> int:
    """Return the next number of a counter, 1 at first; within a transaction.

    Who asks meanwhile for a number of the same counter waits until the transaction ends.
    """
    counter = Counter.objects.filter(pk=name)
    if not counter.update(value=F("value") + 1):
        Counter.objects.bulk_create([Counter(name=name)], ignore_conflicts=True)
        counter.update(value=F("value") + 1)
    return counter.get().value
