"""What the site cannot mend by itself: a database, a disk that does not do its part."""

import errno
from dataclasses import dataclass
from enum import Enum

from django.db import DatabaseError, InterfaceError, OperationalError

# SQLSTATE classes and codes of PostgreSQL (its manual, appendix A).
_TOO_LONG = "57014"
_UNREACHABLE = ("08", "57P", "53300", "28", "3D000")
_FULL = "53100"
# A row that another held for too long, two who waited for one another.
_HELD = ("55P03", "40P01")
_FULL_DISK = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Sentences:
    """What a person reads of an outage (French)."""

    title: str
    what: str


class Outage(Enum):
    """What fails; its value says it."""

    TOO_LONG = Sentences(
        "Cette page demande trop de temps",
        "La base de données n’a pas répondu assez vite, et la demande a été arrêtée. "
        "Réduisez ce qui est demandé (un filtre, une période plus courte), ou recommencez plus tard.",
    )
    BUSY = Sentences(
        "Le site est très occupé",
        "D’autres écritures sont en cours, et la vôtre n’a pas pu passer. "
        "Attendez une minute, puis recommencez.",
    )
    UNREACHABLE = Sentences(
        "Le site ne joint pas sa base de données",
        "La personne qui administre le site en est prévenue. Recommencez dans quelques minutes.",
    )
    FULL = Sentences(
        "Le site n’a plus de place pour enregistrer",
        "La personne qui administre le site en est prévenue. "
        "Ce qui est déjà enregistré n’est pas touché, et se consulte.",
    )


def outage_of(error: BaseException | None) -> Outage | None:
    """Return what `error` tells of; None where the fault is the site's own."""
    if isinstance(error, OSError):
        return Outage.FULL if error.errno in _FULL_DISK else None
    if not isinstance(error, DatabaseError | InterfaceError):
        return None
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None)
    if state:
        return _of_state(state)
    if name := getattr(cause, "sqlite_errorname", None):
        return _of_sqlite(name)
    # What never reached PostgreSQL, or lost it on the way, has no state.
    return Outage.UNREACHABLE if isinstance(error, OperationalError | InterfaceError) else None


def _of_state(state: str) -> Outage | None:
    if state == _TOO_LONG:
        return Outage.TOO_LONG
    if state in _HELD:
        return Outage.BUSY
    if state == _FULL:
        return Outage.FULL
    return Outage.UNREACHABLE if state.startswith(_UNREACHABLE) else None


def _of_sqlite(name: str) -> Outage | None:
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Outage.BUSY
    if name == "SQLITE_FULL":
        return Outage.FULL
    return Outage.UNREACHABLE if name.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR")) else None
