"""What a table of transitions is made of: who may do what, from which state to which."""

from collections.abc import Mapping
from dataclasses import dataclass

from accounts.roles import Role


@dataclass(frozen=True)
class Transition:
    """One row of a table.

    `targets` maps each state the transition may start from to the state it reaches;
    `requires` names what must be there (`Stateful.missing_for`); `label` asks for it,
    `done` is what the journal says of it.
    """

    verb: str
    label: str
    done: str
    targets: Mapping[str, str]
    roles: frozenset[Role]
    requires: tuple[str, ...] = ()
    comment_required: bool = False


Table = Mapping[str, Transition]


def table(*transitions: Transition) -> Table:
    """Return the transitions by their verb, in this order."""
    return {transition.verb: transition for transition in transitions}


def allowed(transitions: Table, state: str, role: str) -> list[Transition]:
    """Return the transitions that `role` may start from `state`, in the table's order."""
    return [t for t in transitions.values() if state in t.targets and role in t.roles]
