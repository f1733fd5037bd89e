"""docs/lifecycle.md: the tables of `lifecycle` as a page, with their diagrams."""

from django.db.models import TextChoices

from accounts.roles import Role
from conventions.amendments.lifecycle import AMENDMENT_TRANSITIONS, AmendmentState
from conventions.campaigns.lifecycle import CAMPAIGN_TRANSITIONS, CampaignState
from conventions.lifecycle import GUIDANCE, TRANSITIONS, Guidance, State
from conventions.terminations.lifecycle import TERMINATION_TRANSITIONS, TerminationState
from lifecycle.transition import Table

# What `Transition.requires` names, in words.
REQUIREMENTS = {
    "campaign_open": "the campaign is open",
    "schools": "at least one school",
    "campaign_fee": "the campaign's fee: what it was before is prepared again",
    "identity": "every detail of the collectivity that is printed",
    "act": "the act's nature, number and date",
    "paper": "what both sign: printed here, or its signed copy on file",
    "initiative": "only the party that opened the procedure, or the rectorat in its place",
    "month_of_conciliation": "the conciliation, or the month after the formal notice is over",
    "fifteen_days": "fifteen days after the second letter",
}
SIDES = (Role.TOWN_HALL, Role.RECTORAT)

_HEAD = """\
# The life of a convention

Written by `manage.py document_lifecycle` from the tables (`lifecycle.py` of each room of
`conventions/`); a test fails when they differ. Change the tables, then run the command.

A state changes only by a verb of the model, which is a row of the table: it checks the state,
the role and what must be there, then writes the journal in the same transaction.
"""

_TERMINATION = """\
Each step is dated, journaled and shown with the next deadline. The first one creates the
procedure; the last one calls the convention's own `terminate`. A settlement, or the withdrawal of
the notice, closes it; another may follow, one is open at a time. Nothing paid is refunded and the
claim of the year stays.
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
            "## Termination (article 11)\n",
            _TERMINATION,
            _diagram(TERMINATION_TRANSITIONS),
            _table(TERMINATION_TRANSITIONS, TerminationState),
            "## Amendment (avenant)\n",
            _diagram(AMENDMENT_TRANSITIONS),
            _table(AMENDMENT_TRANSITIONS, AmendmentState),
            "## Campaign\n",
            _diagram(CAMPAIGN_TRANSITIONS),
            _table(CAMPAIGN_TRANSITIONS, CampaignState),
        ]
    )


def _diagram(transitions: Table) -> str:
    lines = [
        f"    {source} --> {target}: {rule.verb}"
        for rule in transitions.values()
        for source, target in rule.targets.items()
    ]
    first = next(source for rule in transitions.values() for source in rule.targets)
    return "\n".join(["```mermaid", "stateDiagram-v2", f"    [*] --> {first}", *lines, "```", ""])


def _table(transitions: Table, states: type[TextChoices]) -> str:
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


def _meanings() -> str:
    heads = " | ".join(f"For the {side.label}" for side in SIDES)
    lines = [f"| State | {heads} |", "|---|---|---|"]
    for state in State:
        cells = " | ".join(_meaning(GUIDANCE[state].get(side)) for side in SIDES)
        lines.append(f"| {state.label} (`{state}`) | {cells} |")
    return "\n".join([*lines, ""])


def _meaning(guidance: Guidance | None) -> str:
    return f"{guidance.meaning} {guidance.next_step}" if guidance else "not shown"
