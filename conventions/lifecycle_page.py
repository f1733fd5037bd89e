"""docs/lifecycle.md: the tables of `lifecycle` as a page, with their diagrams."""

from accounts.roles import Role
from conventions.lifecycle import (
    AMENDMENT_TRANSITIONS,
    GUIDANCE,
    TRANSITIONS,
    AmendmentState,
    State,
)

# What `Transition.requires` names, in words.
REQUIREMENTS = {
    "campaign_open": "the campaign is open",
    "schools": "at least one school",
    "identity": "every detail of the collectivity that is printed",
    "act": "the act's nature, number and date",
    "termination_delays": "second letter sent, fifteen days passed (article 11)",
}
SIDES = (Role.TOWN_HALL, Role.RECTORAT)

_HEAD = """\
# The life of a convention

Written by `manage.py document_lifecycle` from the tables of `conventions/lifecycle.py`; a test
fails when they differ. Change the tables, then run the command.

A state changes only by a verb of the model, which is a row of the table: it checks the state,
the role and what must be there, then writes the journal in the same transaction.
"""

_TERMINATION = """\
## Termination (article 11)

The steps before `terminate` change no state; each is dated, journaled and shown with the next
deadline.

| Step | Verb | Who | Not before |
|---|---|---|---|
| Mise en demeure | `give_formal_notice` | either side, for itself; the rectorat also for the \
collectivity | the convention has taken effect |
| Conciliation | `record_conciliation` | both sides | the formal notice |
| Accord | `record_settlement` | both sides | the formal notice, and the conciliation if held |
| Seconde lettre | `send_second_letter` | the initiator, or the rectorat in its place | the \
conciliation, or the month after the formal notice is over |
| Résiliation | `terminate` | the initiator, or the rectorat in its place | fifteen days after \
the second letter |

A settlement closes the procedure; another may follow, one is open at a time. Nothing paid is
refunded and the claim of the year stays.
"""


def lifecycle_page() -> str:
    """Return the whole page, Markdown."""
    return "\n".join(
        [
            _HEAD,
            "## Convention\n",
            _diagram(TRANSITIONS),
            _table(TRANSITIONS, State),
            "### What each state means\n",
            _meanings(),
            _TERMINATION,
            "## Amendment (avenant)\n",
            _diagram(AMENDMENT_TRANSITIONS),
            _table(AMENDMENT_TRANSITIONS, AmendmentState),
        ]
    )


def _diagram(transitions):
    lines = [
        f"    {source} --> {target}: {rule.verb}"
        for rule in transitions.values()
        for source, target in rule.targets.items()
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> prepared", *lines, "```", ""])


def _table(transitions, states):
    lines = [
        "| Verb | Label | From | To | Who | What must be there | Comment |",
        "|---|---|---|---|---|---|---|",
    ]
    for rule in transitions.values():
        who = ", ".join(role.label for role in Role if role in rule.roles)
        requires = "; ".join(REQUIREMENTS[name] for name in rule.requires) or "—"
        comment = "required" if rule.comment_required else "—"
        lines.extend(
            f"| `{rule.verb}` | {rule.label} | {states(source).label} | {states(target).label} "
            f"| {who} | {requires} | {comment} |"
            for source, target in rule.targets.items()
        )
    return "\n".join([*lines, ""])


def _meanings():
    heads = " | ".join(f"For the {side.label}" for side in SIDES)
    lines = [f"| State | {heads} |", "|---|---|---|"]
    for state in State:
        cells = " | ".join(_meaning(GUIDANCE[state].get(side)) for side in SIDES)
        lines.append(f"| {state.label} (`{state}`) | {cells} |")
    return "\n".join([*lines, ""])


def _meaning(guidance):
    return f"{guidance.meaning} {guidance.next_step}" if guidance else "not shown"
