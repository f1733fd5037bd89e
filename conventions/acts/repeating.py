"""From one year to the next: what a collectivity chose in its last act, and may choose again.

`subject` is what the new act authorises (a convention), known here by its facts only.
"""

from typing import Any

from conventions.acts.models import Act
from documents.wording.proofreading import proofread

DELEGATION = ("delegation_item", "delegation_reference")
DEPUTY = ("signatory", "signatory_capacity", "signatory_delegation")


def chosen_last(subject: Any) -> dict[str, str]:
    """Return what a collectivity entered in its last act and that repeats itself, by field.

    A delegation is given to a person: it is proposed as long as the representative is the same.
    """
    last = _last_act(subject)
    if last is None:
        return {}
    names = ("kind", "executor", *(DELEGATION if _is_same_person(subject, last) else ()))
    return {name: getattr(last, name) for name in names}


def made_own_last(subject: Any) -> dict[str, str]:
    """The deputy who signs and the own text, kept as they were as long as they hold."""
    last = _last_act(subject)
    if last is None:
        return {}
    names = DEPUTY if _is_same_person(subject, last) else ()
    text = last.adapted_text
    holds = text and not proofread(last.kind, text)
    return {name: getattr(last, name) for name in names} | (
        {"adapted_text": text, "kind": last.kind} if holds else {}
    )


def _last_act(subject: Any) -> Act | None:
    """The last act by which the collectivity signed a convention; an avenant's says other things."""
    if subject.part:
        return None
    others = Act.objects.filter(collectivity=subject.collectivity, convention__isnull=False)
    if subject.act_id:
        others = others.exclude(pk=subject.act_id)
    return others.order_by("-recorded_at", "-pk").first()


def _is_same_person(subject: Any, last: Act) -> bool:
    party = last.convention.party
    return party is not None and party.representative == subject.collectivity.representative
