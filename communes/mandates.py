"""Who represents a collectivity, from when: a change is a mandate of its own, a slip is mended.

A document copies who represented the collectivity on *its* day, which may be before the change
was recorded.
"""

import datetime
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction

from communes.models import Collectivity, Mandate, Party
from law.days import Days
from tabular.folding import fold

# The field at which a refusal is said.
SINCE = "representative_since"
# Nobody who represents a collectivity today did so before.
_EARLIEST = datetime.date(1977, 1, 1)


def representative_of(collectivity: Collectivity) -> dict[str, str]:
    """Return who represents a collectivity, as it holds it, by field."""
    return {name: getattr(collectivity, name) for name in Party.representative_fields()}


def refusal_of_day(since: datetime.date, today: datetime.date) -> str:
    """Return why nobody who represents a collectivity can do so since that day (French), else ""."""
    return Days(_EARLIEST, today).refusal_on(since, today)


def refusal(
    mandate: Mandate | None,
    former: Mapping[str, str],
    values: Mapping[str, str],
    since: datetime.date | None,
    today: datetime.date,
) -> str:
    """Return why `values` cannot take the place of `former` since that day (French), else ""."""
    if since and (implausible := refusal_of_day(since, today)):
        return implausible
    begun = mandate.since if mandate else None
    if since and begun and since < begun:
        return f"Le mandat précédent a commencé le {begun:%d/%m/%Y} : celui-ci le suit."
    if _is_somebody_else(former, values) and (since is None or since == begun):
        return "Vous nommez une autre personne : donnez le jour où elle est entrée en fonction."
    return ""


def represent(
    collectivity: Collectivity,
    values: Mapping[str, str],
    *,
    since: datetime.date | None,
    today: datetime.date,
) -> None:
    """Record who represents a collectivity (`Party.representative_fields`), and since when.

    Another person, or a later day, begins a mandate; else the present one is put right. Raises
    ValidationError at `representative_since`.
    """
    former = representative_of(collectivity)
    if said := refusal(collectivity.mandate, former, values, since, today):
        raise ValidationError({SINCE: said})
    with transaction.atomic():
        for name, value in values.items():
            setattr(collectivity, name, value)
        collectivity.save()
        keep(collectivity, former, since)


def keep(
    collectivity: Collectivity, former: Mapping[str, str], since: datetime.date | None
) -> None:
    """Write the mandate of who represents a collectivity now, `former` until then.

    For a form that has saved the collectivity itself; it asked `refusal` before.
    """
    values = representative_of(collectivity)
    mandate = collectivity.mandate
    if mandate is None and since and former["representative_last_name"]:
        mandate = Mandate.objects.create(collectivity=collectivity, **former)
    begins = mandate is None or _begins(mandate, former, values, since)
    if begins or mandate is None:
        Mandate.objects.create(collectivity=collectivity, since=since, **values)
        return
    for name, value in values.items():
        setattr(mandate, name, value)
    mandate.since = since or mandate.since
    mandate.save()


def _begins(
    mandate: Mandate,
    former: Mapping[str, str],
    values: Mapping[str, str],
    since: datetime.date | None,
) -> bool:
    """Tell whether a mandate follows: of somebody else, or the same person's next."""
    if since is None or since == mandate.since:
        return False
    return mandate.since is not None or _is_somebody_else(former, values)


def _is_somebody_else(former: Mapping[str, str], values: Mapping[str, str]) -> bool:
    """Another first name and another last name: one of them alone is a slip, or a marriage."""
    names = ("representative_first_name", "representative_last_name")
    return bool(former[names[1]]) and all(fold(former[n]) != fold(values[n]) for n in names)
