"""What may be amiss with an act: one list, for the file's warnings and for what finance asks for.

Each says the same thing twice, of an act in hand and as a condition on whatever points to acts;
a test holds both to one another.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from conventions.acts.models import Act, ActState


@dataclass(frozen=True)
class Trouble:
    """`lookups` are what the database asks of an act's fields, `words` what a file's page says.

    Without words, it is the ordinary course of a file, and of interest to finance alone.
    """

    key: str
    label: str
    holds: Callable[[Act], bool]
    lookups: dict[str, Any]
    words: Callable[[Act], str] | None = None

    def condition(self, path: str = "") -> Q:
        """Return the condition on rows from which `path` ("act__") leads to an act."""
        return Q(**{f"{path}{name}": value for name, value in self.lookups.items()})


def troubles_of(act: Act) -> list[Trouble]:
    """Return what is amiss with an act today, none when all is well."""
    return [trouble for trouble in TROUBLES if trouble.holds(act)]


def _day(day: datetime.date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""


WITHDRAWN = Trouble(
    "act_withdrawn",
    "acte retiré",
    lambda act: act.withdrawn_on is not None,
    {"withdrawn_on__isnull": False},
    lambda act: (
        f"L'acte a été retiré le {_day(act.withdrawn_on)} : il n'autorise plus la signature, la "
        "collectivité doit en prendre un nouveau."
    ),
)
DRAFT = Trouble(
    "act_draft",
    "acte à l'état de projet",
    lambda act: not act.is_adopted,
    {"state": ActState.DRAFT},
)
NOT_EXECUTORY = Trouble(
    "not_executory",
    "acte non exécutoire",
    lambda act: act.is_adopted and act.executory_on is None,
    {"state": ActState.ADOPTED, "executory_on__isnull": True},
)
OBSERVATIONS = Trouble(
    "observations",
    "observations du préfet sur l'acte",
    lambda act: act.observations_received_on is not None,
    {"observations_received_on__isnull": False},
    lambda act: (
        f"Le préfet a fait des observations sur l'acte le {_day(act.observations_received_on)} : "
        "répondez-lui, ou retirez l'acte et prenez-en un nouveau."
    ),
)
PIECES_AWAITED = Trouble(
    "missing_pieces",
    "pièces demandées par le préfet",
    lambda act: act.is_referral_suspended,
    {"missing_pieces_requested_on__isnull": False, "missing_pieces_answered_on__isnull": True},
    lambda act: (
        f"Le préfet a demandé des pièces le {_day(act.missing_pieces_requested_on)} : "
        "transmettez-les, son délai ne court pas tant qu'il les attend."
    ),
)
TROUBLES = (WITHDRAWN, DRAFT, NOT_EXECUTORY, OBSERVATIONS, PIECES_AWAITED)
