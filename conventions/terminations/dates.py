"""The dates of a procedure: their order, and the state that they make."""

from django.db.models import Q

from conventions.terminations.lifecycle import TerminationState
from lifecycle.chronology import Order

ORDERS = (
    Order("conciliation_on", "notice_on", "La conciliation suit la mise en demeure."),
    Order("second_letter_on", "notice_on", "La seconde lettre suit la mise en demeure."),
    Order(
        "second_letter_on",
        "conciliation_on",
        "La seconde lettre suit la conciliation.",
        is_needed=False,
    ),
    Order("settled_on", "notice_on", "L'accord suit la mise en demeure."),
    Order("settled_on", "conciliation_on", "L'accord suit la conciliation.", is_needed=False),
    Order("withdrawn_on", "notice_on", "Le retrait suit la mise en demeure."),
    Order("withdrawn_on", "conciliation_on", "Le retrait suit la conciliation.", is_needed=False),
    Order(
        "terminated_on",
        "second_letter_on",
        "La résiliation suit la seconde lettre.",
        is_strict=True,
    ),
)
_STEPS = ("conciliation_on", "second_letter_on", "settled_on", "withdrawn_on", "terminated_on")


def _comes_with(state: TerminationState, *given: str, perhaps: tuple[str, ...] = ()) -> Q:
    """`state` has the dates `given`, may have those in `perhaps`, and no other."""
    dates = {f"{name}__isnull": name not in given for name in _STEPS if name not in perhaps}
    return Q(state=state, **dates)


STATE_FOLLOWS_DATES = (
    _comes_with(TerminationState.NOTICE)
    | _comes_with(TerminationState.CONCILIATION, "conciliation_on")
    | _comes_with(TerminationState.WITHDRAWN, "withdrawn_on", perhaps=("conciliation_on",))
    | _comes_with(TerminationState.SECOND_LETTER, "second_letter_on", perhaps=("conciliation_on",))
    | _comes_with(
        TerminationState.SETTLED, "settled_on", perhaps=("conciliation_on", "second_letter_on")
    )
    | _comes_with(
        TerminationState.TERMINATED,
        "terminated_on",
        perhaps=("conciliation_on", "second_letter_on"),
    )
)
