"""The act at hand: of a filtered list, for all its files; of one file, for its agent."""

from collections.abc import Mapping
from typing import Any

from conventions.exchanges.models import Side
from conventions.situations.situation import Situation

# What a filter leaves, and the action of the list that these files wait for.
_READY = (
    ("expected", "to_send", "send"),
    ("state__in", "prepared", "send"),
    ("expected", "to_sign_for_region", "sign_for_region"),
    ("copies", "to_record", "sign_for_collectivity"),
    ("papers", "outdated", "issue"),
    ("papers", "unprinted", "issue"),
    ("late", "yes", "remind"),
)


def ready_action(filters: Mapping[str, Any], actions: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the name and the label of the action that a list is for, or None.

    `filters` are the parameters of its address, `actions` those that the agent may take, as
    `ModelAdmin.get_actions` gives them.
    """
    for parameter, value, name in _READY:
        if filters.get(parameter) == value and name in actions:
            return name, str(actions[name][2])
    return None


# What a rule of the rectorat is done by; the others are done on pages of their own.
_OWN_VERBS = {
    "to_send": "send",
    "to_answer": "send",
    "to_sign_for_region": "sign_for_region",
    "overrun": "abandon",
}


def own_verb(situation: Situation | None) -> str:
    """Return the verb that an agent is to do next on a file, "" when none is theirs.

    While the collectivity is to act, the agent's own act is to remind it.
    """
    if situation is None or situation.now.closes:
        return ""
    if situation.now.of == Side.TOWN_HALL:
        return "remind" if situation.now.reminds else ""
    return _OWN_VERBS.get(situation.now.key, "")
