"""Closures that an import proposed, decided by an agent."""

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from communes.importing import save_rows
from schools.models import School


def proposed(schools: QuerySet[School]) -> QuerySet[School]:
    """Those of `schools` that await a decision."""
    return schools.filter(closure_proposed_on__isnull=False)


def confirm_closures(schools: QuerySet[School], *, by: User | None) -> int:
    """Close those of `schools` whose closure is proposed; return how many."""
    return _decide(schools, by, School.State.CLOSED, "Fermeture confirmée")


def keep_open(schools: QuerySet[School], *, by: User | None) -> int:
    """Withdraw the proposed closure of those of `schools` that have one; return how many."""
    return _decide(schools, by, None, "Fermeture écartée")


@transaction.atomic
def _decide(schools: QuerySet[School], by: User | None, state: str | None, reason: str) -> int:
    decided = list(proposed(schools))
    for school in decided:
        school.closure_proposed_on = None
        school.state = state or school.state
    save_rows(School, [], decided, ["closure_proposed_on", "state"], by=by, reason=reason)
    return len(decided)
