"""What is so of a file, whoever acts next: each fact once, as a condition on conventions.

Lists filter by them and the desk counts them, so that a count and the list that it opens
cannot differ.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from accounts.roles import Role
from conventions.acts.models import ActState
from conventions.exchanges.models import Message, Notification, Side
from conventions.lifecycle import State
from conventions.models import Convention, Piece
from conventions.situations.warnings import TERRITORY
from conventions.terminations.lifecycle import OPEN, TerminationState
from conventions.terminations.models import Termination
from law import deadlines
from outbox.models import Delivery

# A date of article 11 is near fifteen days before it, and stays so once it is past.
NEAR = datetime.timedelta(days=15)


@dataclass(frozen=True)
class Fact:
    """`condition(today)` leaves the conventions of which it is so."""

    key: str
    label: str
    condition: Callable[[datetime.date], Q]


@dataclass(frozen=True)
class Subject:
    """Facts about one thing, that a list offers together."""

    key: str
    title: str
    facts: tuple[Fact, ...]


_GIVEN_UP = Q(state=State.ABANDONED)
_FOLLOWED = ~Q(state__in=(State.ABANDONED, State.TERMINATED))
_UNSIGNED = Q(state__in=(State.ACCEPTED, State.SIGNED_BY_REGION))


def _has(kind: str) -> Q:
    """A piece of the convention itself, never the blank that came back unsigned."""
    pieces = Piece.objects.without_blanks().filter(convention=OuterRef("pk"), part="", kind=kind)
    return Q(Exists(pieces))


_PRINTED = _has(Piece.Kind.CONVENTION)
_COPY = _has(Piece.Kind.CONVENTION_SIGNED)


# --- Whom a file reaches (`conventions.models.convention.file_facts`) ---------
_NO_ADDRESS = Q(collectivity__email="")
_NO_ACCOUNT = ~Q(
    Exists(
        User.objects.filter(
            collectivities=OuterRef("collectivity"), is_active=True, role=Role.TOWN_HALL
        )
    )
)


# --- What was written ----------------------------------------------------------
def _unanswered() -> Q:
    """A message of the town hall's is the last, and nobody noted that it needs no answer.

    A request for correction is answered by sending.
    """
    answers = Message.objects.filter(
        convention=OuterRef("convention"), side=Side.RECTORAT, pk__gt=OuterRef("pk")
    )
    asked = Message.objects.filter(
        convention=OuterRef("pk"), side=Side.TOWN_HALL, no_answer_at__isnull=True
    )
    waits = Q(Exists(asked.filter(~Exists(answers))))
    return waits & _FOLLOWED & ~Q(state=State.CORRECTION_REQUESTED)


def _mail_failed() -> Q:
    """An e-mail did not leave, and none to the same side did since."""
    since = Notification.objects.filter(
        convention=OuterRef("convention"),
        side=OuterRef("side"),
        pk__gt=OuterRef("pk"),
        email__state=Delivery.SENT,
    )
    failed = Notification.objects.filter(convention=OuterRef("pk"), email__state=Delivery.FAILED)
    return Q(Exists(failed.filter(~Exists(since)))) & _FOLLOWED


# --- Article 11 ------------------------------------------------------------------
def _ending() -> Q:
    return Q(Exists(Termination.objects.filter(convention=OuterRef("pk"), state__in=OPEN)))


def _ending_soon(today: datetime.date) -> Q:
    """The conciliation is to be held, or the termination comes, within fifteen days."""
    by = today + NEAR
    notice = Q(
        state=TerminationState.NOTICE,
        notice_on__lte=deadlines.latest_start(by, deadlines.CONCILIATION_MONTHS),
    )
    second = Q(
        state=TerminationState.SECOND_LETTER,
        second_letter_on__lte=by - datetime.timedelta(days=deadlines.TERMINATION_DAYS),
    )
    return Q(Exists(Termination.objects.filter(notice | second, convention=OuterRef("pk"))))


def _on_the_ground(today: datetime.date) -> Q:
    any_of_them = Q()
    for warning in TERRITORY:
        any_of_them |= warning.concerned(today)
    return any_of_them


def _always(condition: Q) -> Callable[[datetime.date], Q]:
    return lambda today: condition


def _among(chosen: Callable[[], Q]) -> Callable[[datetime.date], Q]:
    return lambda today: chosen()


LATE = Fact(
    "late",
    "réponse attendue, date dépassée",
    _among(lambda: Q(pk__in=Convention.objects.late().order_by().values("pk"))),
)
OUTDATED = Fact(
    "outdated",
    "à produire de nouveau",
    _among(lambda: Q(pk__in=Convention.objects.outdated().order_by().values("pk"))),
)
TO_RECORD = Fact("to_record", "copie reçue, signature à enregistrer", _always(_UNSIGNED & _COPY))
UNREACHABLE = Fact(
    "unreachable", "ni adresse ni compte", _always(_NO_ADDRESS & _NO_ACCOUNT & _FOLLOWED)
)
UNANSWERED = Fact("unanswered", "message sans réponse", _among(_unanswered))
MAIL_FAILED = Fact("mail_failed", "courriel non parti", _among(_mail_failed))
ENDING_SOON = Fact("ending_soon", "échéance sous quinze jours ou passée", _ending_soon)
ON_THE_GROUND = Fact("territory", "changement sur le terrain", _on_the_ground)

SUBJECTS = (
    Subject(
        "papers",
        "documents",
        (
            Fact("printed", "convention produite", _always(_PRINTED)),
            Fact("unprinted", "convention pas encore produite", _always(~_PRINTED & ~_GIVEN_UP)),
            OUTDATED,
        ),
    ),
    Subject(
        "act",
        "acte de la collectivité",
        (
            Fact("no_act", "aucun acte", _always(Q(act__isnull=True))),
            Fact("drafted", "en projet", _always(Q(act__state=ActState.DRAFT))),
            Fact("adopted", "pris", _always(Q(act__state=ActState.ADOPTED))),
            Fact("deposited", "déposé en préfecture", _always(Q(act__deposited_on__isnull=False))),
            Fact("published", "publié", _always(Q(act__published_on__isnull=False))),
            Fact(
                "not_executory",
                "pas encore exécutoire",
                _always(Q(act__isnull=False, act__executory_on__isnull=True)),
            ),
        ),
    ),
    Subject(
        "copies",
        "copies signées",
        (
            Fact("copy", "convention signée reçue", _always(_COPY)),
            Fact("no_copy", "convention signée non reçue", _always(~_COPY & ~_GIVEN_UP)),
            Fact("act_copy", "acte signé reçu", _always(_has(Piece.Kind.ACT_SIGNED))),
            TO_RECORD,
        ),
    ),
    Subject(
        "reach",
        "joignable",
        (
            Fact("no_address", "sans adresse électronique", _always(_NO_ADDRESS)),
            Fact("no_account", "sans compte", _always(_NO_ACCOUNT)),
            UNREACHABLE,
        ),
    ),
    Subject("exchanges", "échanges", (UNANSWERED, MAIL_FAILED)),
    Subject(
        "ending",
        "résiliation",
        (Fact("ending", "procédure en cours", _among(_ending)), ENDING_SOON),
    ),
)
