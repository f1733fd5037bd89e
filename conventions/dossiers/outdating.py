"""Documents overtaken by facts that no convention owns: a region's address, a prefect's title.

What a verb of a convention changes is marked at once (`mark_outdated`). These facts
stand a floor below, so the files still to be signed are gone through again: when an agent
changes one or imports a file, and every night for what is imported from the shell.
"""

import time

from django.db.models import Q

from conventions.amendments.lifecycle import AmendmentState
from conventions.dossiers.parts import PARTS, parts_of
from conventions.lifecycle import State
from conventions.models import Convention, Piece, mark_outdated
from conventions.models.convention import ConventionQuerySet
from conventions.terminations.lifecycle import OPEN
from jobs.running import BUDGET


def review(conventions: ConventionQuerySet, after: int = 0, budget: float = BUDGET) -> int | None:
    """Mark what is outdated in a queryset, in the order of keys from `after` on.

    Return the key to go on from once `budget` seconds are spent, None when all are done.
    Done twice, it changes nothing.
    """
    started = time.monotonic()
    waiting = _still_to_sign(conventions).filter(pk__gt=after).order_by("pk")
    for convention in waiting.with_parties().prefetch_related(*PARTS).iterator(200):
        for part in parts_of(convention):
            mark_outdated(part)
        if time.monotonic() - started > budget:
            return convention.pk
    return None


def _still_to_sign(conventions: ConventionQuerySet) -> ConventionQuerySet:
    """Leave those with a document that somebody is still to sign, or that is marked."""
    unsigned = Q(state__in=(State.ACCEPTED, State.SIGNED_BY_REGION))
    amended = Q(amendments__state__in=(AmendmentState.SENT, AmendmentState.SIGNED_BY_REGION))
    ending = Q(terminations__state__in=OPEN)
    marked = Q(pk__in=Piece.objects.filter(outdated=True).values("convention"))
    found = Convention.objects.filter(unsigned | amended | ending | marked, pieces__isnull=False)
    return conventions.filter(pk__in=found.order_by().values("pk"))
