"""The verbs that agents call by name, on one file or on thousands."""

from typing import Any

from accounts.models import User
from conventions.dossiers import bulk, reminders
from conventions.models import Convention
from conventions.models.convention import ConventionQuerySet
from lifecycle import door


def do(convention: Convention, verb: str, *, by: User | None, **facts: Any) -> None:
    """Call a verb of the table of transitions. Raises ValidationError as the verb does."""
    if verb == "remind":
        reminders.remind(convention, by=by)
    else:
        getattr(convention, verb)(by=by, **facts)


def refusal_of(convention: Convention, verb: str) -> str:
    """Return why today's file does not allow `verb` (French), "" when it does."""
    if verb == "remind":
        return reminders.refusal(convention)
    return door.refusal_of(convention, verb)


def apply(
    conventions: ConventionQuerySet, verb: str, *, by: User | None, **facts: Any
) -> bulk.BulkReport:
    """Call a verb on each convention of a queryset (`bulk.apply`)."""
    return bulk.apply(conventions, lambda convention: do(convention, verb, by=by, **facts))


def preview(conventions: ConventionQuerySet, verb: str) -> bulk.BulkReport:
    """Return what a verb would take of a queryset, and leave out and why (`bulk.preview`)."""
    return bulk.preview(conventions, lambda convention: refusal_of(convention, verb))
