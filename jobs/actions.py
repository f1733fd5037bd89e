"""What jobs can do: actions declared by the rooms above, named in the settings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO, Protocol

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from accounts.models import User
from lifecycle.errors import StaleFile


@dataclass(frozen=True)
class Outcome:
    """What became of an item: left out for a reason, or done, with what is to be known of it.

    Both in French, "" for nothing to say.
    """

    left_out: str = ""
    remark: str = ""


class Do(Protocol):
    def __call__(
        self, keys: Sequence[int], *, by: User, facts: Mapping[str, Any]
    ) -> Mapping[int, Outcome]:
        """Act on the rows of these keys, with what was typed; return what became of each."""


class Gather(Protocol):
    def __call__(self, keys: Sequence[int], target: BinaryIO, *, pulse: Callable[[], None]) -> str:
        """Write one file of the rows of these keys into `target`; return what to know of it.

        `pulse` is called now and then, so that nobody takes the worker for dead.
        """


@dataclass(frozen=True, kw_only=True)
class Action:
    """`label` asks for it, `done` counts what was done ("Conventions envoyées").

    `names` gives the rows of keys their names, kept in the report; `page` is the address of one
    of them, "" where they have none, and `visible` leaves of their table what an account may see
    today (None: whatever it asked for). `permission` ("app.action_model") is what it must hold
    then, "" where the verbs look themselves. `do` takes `at_once` rows. Where `is_atomic`, it
    only writes the database, in the transaction that notes what became of its rows: a worker
    killed in the middle leaves nothing half done, and nothing is done twice. Elsewhere it is done
    again: twice must be the same as once. What has to be made before that transaction is made by
    `prepare`. `gather`
    makes one file of all that was done, called `file_name`.
    """

    label: str
    done: str
    names: Callable[[Sequence[int]], Mapping[int, str]]
    page: str
    do: Do
    visible: Callable[[User], QuerySet[Any]] | None = None
    permission: str = ""
    at_once: int = 1
    is_atomic: bool = False
    prepare: Callable[[Sequence[int], User], None] | None = None
    gather: Gather | None = None
    file_name: str = ""

    def theirs(self, keys: Sequence[int], user: User) -> set[int]:
        """Return those of `keys` on which `user` may act today: none once the account is closed."""
        if not user.is_active or (self.permission and not user.has_perm(self.permission)):
            return set()
        if self.visible is None:
            return set(keys)
        seen = self.visible(user).filter(pk__in=keys).order_by()
        return set(seen.values_list("pk", flat=True))


def one_by_one(act: Callable[[int, User, Mapping[str, Any]], Outcome]) -> Do:
    """Return what does `act` to each row in turn: a ValidationError leaves that one out.

    But for StaleFile, which whoever does the job tries again.
    """

    def do(keys: Sequence[int], *, by: User, facts: Mapping[str, Any]) -> dict[int, Outcome]:
        return {key: _try(act, key, by, facts) for key in keys}

    return do


def _try(
    act: Callable[[int, User, Mapping[str, Any]], Outcome],
    key: int,
    by: User,
    facts: Mapping[str, Any],
) -> Outcome:
    try:
        return act(key, by, facts)
    except StaleFile:
        raise
    except ValidationError as refusal:
        return Outcome(left_out=" ".join(refusal.messages))


@cache
def action(name: str) -> Action:
    """Return the action of that name, of any room (`settings.JOB_ACTIONS`). Raises KeyError."""
    rooms: list[Mapping[str, Action]] = [import_string(path) for path in settings.JOB_ACTIONS]
    return {key: value for room in rooms for key, value in room.items()}[name]
