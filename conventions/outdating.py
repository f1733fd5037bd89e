"""Documents overtaken by facts that no convention owns: a region's address, a prefect's title.

What a verb of a convention changes is marked at once (`Dossier.mark_outdated`). These facts
stand a floor below, so the files still to be signed are gone through again: when an agent
changes one, and every night for what an import changed.
"""

import time

from django.db.models import Q

from conventions.jobs import BUDGET
from conventions.lifecycle import AmendmentState, State
from conventions.models import Convention, Piece


def review(conventions, after: int = 0, budget: float = BUDGET) -> int | None:
    """Mark what is outdated in a queryset, in the order of keys from `after` on.

    Return the key to go on from once `budget` seconds are spent, None when all are done.
    Done twice, it changes nothing.
    """
    started = time.monotonic()
    waiting = _still_to_sign(conventions).filter(pk__gt=after).order_by("pk")
    for convention in waiting.with_parties().prefetch_related("amendments").iterator(200):
        for dossier in (convention, *convention.amendments.all()):
            dossier.mark_outdated()
        if time.monotonic() - started > budget:
            return convention.pk
    return None


def _still_to_sign(conventions):
    """Leave those with a document that somebody is still to sign, or that is marked."""
    unsigned = Q(state__in=(State.ACCEPTED, State.SIGNED_BY_REGION))
    amended = Q(amendments__state__in=(AmendmentState.SENT, AmendmentState.SIGNED_BY_REGION))
    ending = Q(state=State.SIGNED, terminations__isnull=False)
    marked = Q(pk__in=Piece.objects.filter(outdated=True).values("convention"))
    found = Convention.objects.filter(unsigned | amended | ending | marked, pieces__isnull=False)
    return conventions.filter(pk__in=found.order_by().values("pk"))
