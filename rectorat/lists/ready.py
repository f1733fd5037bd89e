"""Which action a filtered list is for: offered above it, for all its files."""

from collections.abc import Mapping
from typing import Any

# What a filter leaves, and the action of the list that these files wait for.
_READY = (
    ("expected", "to_send", "send"),
    ("state__in", "prepared", "send"),
    ("expected", "to_sign_for_region", "sign_for_region"),
    ("papers", "outdated", "ask_to_issue"),
    ("papers", "unprinted", "ask_to_issue"),
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
