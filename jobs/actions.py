"""What jobs can do: actions declared by the rooms above, named in the settings."""

from dataclasses import dataclass
from functools import cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import User


class Do(Protocol):
    def __call__(self, key: int, *, by: User) -> str:
        """Act on the file of that key; return why it was left out (French), "" when done.

        Raises ValidationError to leave it out for the reason that it says.
        """


@dataclass(frozen=True)
class Action:
    """`label` asks for it, "produire les documents"; `do` does it to one file.

    It is done again when a worker is killed in the middle: twice is the same as once.
    """

    label: str
    do: Do


@cache
def action(name: str) -> Action:
    """Return the action of that name (`settings.JOB_ACTIONS`). Raises KeyError."""
    found: Action = import_string(settings.JOB_ACTIONS[name])
    return found
