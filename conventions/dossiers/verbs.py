"""The verbs that agents call by name, on one file or on thousands."""

from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError

from accounts.models import User
from conventions.campaigns.models import Campaign
from conventions.dossiers import bulk, reminders
from conventions.lifecycle import TRANSITIONS
from conventions.models import Convention, issue_documents
from conventions.models.convention import ConventionQuerySet
from lifecycle import door
from lifecycle.door import Missing

# Signed where it was printed: what misses its paper gets it with the signature.
_PRINTS_FIRST = "sign_for_region"


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
    refusal = door.refusal_of(convention, verb)
    if not refusal and verb == "send" and (missing := convention.missing_for(verb)):
        return f"Attend encore : {', '.join(item.label for item in missing)}."
    return refusal


def unprinted(conventions: ConventionQuerySet, verb: str) -> ConventionQuerySet:
    """Leave what `verb` would sign and that is still to be printed: that is done first."""
    if verb != _PRINTS_FIRST:
        return conventions.none()
    sources = TRANSITIONS[verb].targets
    return conventions.filter(state__in=sources).without_paper().order_by("pk")


def print_first(conventions: ConventionQuerySet, verb: str, *, by: User | None) -> None:
    """Print what `verb` would sign, where it is missing.

    Before the verb's transaction, which rendering would hold open. A file whose papers could
    not be printed is then refused by the verb, which says what it waits for.
    """
    for convention in unprinted(conventions, verb).with_parties():
        with suppress(ValidationError):
            issue_documents(convention, by=by)


def missing_for(convention: Convention, verb: str) -> list[Missing]:
    """Return what a file still waits for, but for what the verb sees to itself."""
    return [] if verb == _PRINTS_FIRST else convention.missing_for(verb)


def to_prepare_again(conventions: ConventionQuerySet, verb: str) -> dict[Campaign, int]:
    """Count by campaign those that cannot be sent before they are prepared again."""
    if verb != "send":
        return {}
    late = conventions.at_another_fee()
    campaigns = Campaign.objects.filter(pk__in=late.order_by().values("campaign"))
    return {campaign: late.filter(campaign=campaign).count() for campaign in campaigns}


def preview(conventions: ConventionQuerySet, verb: str) -> bulk.BulkReport:
    """Return what a verb would take of a queryset, and leave out and why (`bulk.preview`)."""
    return bulk.preview(conventions, lambda convention: refusal_of(convention, verb))
