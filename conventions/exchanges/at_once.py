"""What an agent does in a town hall's place by one act of saving: one e-mail a file tells it all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.db import transaction


@dataclass(frozen=True)
class Done:
    """`what` was done, as the e-mail says it, and why; `tell` writes an e-mail of both.

    `alone` writes the one that says more of it, where nothing else was done with it.
    """

    what: str
    reason: str
    tell: Callable[[str, str], None]
    alone: Callable[[], None] | None = None


_done: ContextVar[dict[int, list[Done]] | None] = ContextVar("done", default=None)


@contextmanager
def told_at_once() -> Iterator[None]:
    """Have what is done within be told at its end, by one e-mail for each file.

    What fails is told nowhere: it is undone with its transaction. Within another one, it is the
    other that tells.
    """
    outer, done = _done.get(), {}  # type: ignore[var-annotated]
    before = _done.set(done)
    try:
        yield
    except BaseException:
        done.clear()
        raise
    finally:
        _done.reset(before)
        for key, of_file in done.items():
            if outer is None:
                _tell(of_file)
            else:
                outer.setdefault(key, []).extend(of_file)


def tell_done(key: int, done: Done) -> None:
    """Tell the town hall of the file `key` what was done, now or with what is done at once."""
    waiting = _done.get()
    if waiting is None:
        _tell([done])
    else:
        waiting.setdefault(key, []).append(done)


@transaction.atomic
def _tell(of_file: list[Done]) -> None:
    first, *others = of_file
    if first.alone and not others:
        first.alone()
        return
    reasons = dict.fromkeys(each.reason for each in of_file if each.reason)
    of_file[-1].tell(" ; ".join(each.what for each in of_file), " ; ".join(reasons))
