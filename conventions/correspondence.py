"""Messages between the two sides of a file, at any time; nothing else of it changes."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.roles import ADMIN_SITE_ROLES, Role
from conventions.exchanges.models import Message, Notification, Side
from conventions.exchanges.telling import notify, other_side
from conventions.exchanges.thread import write_message
from conventions.lifecycle import State
from conventions.models import Convention, file_facts
from documents.received.uploads import UploadedPdf
from lifecycle.door import hold, write_journal
from lifecycle.errors import TransitionRefused


def can_post_message(convention: Convention) -> bool:
    """Tell whether the thread is open: neither before the file is sent nor once given up.

    Nor once transferred to the archives.
    """
    is_open = convention.state not in (State.PREPARED, State.ABANDONED)
    return is_open and not convention.is_transferred


def post_message(
    convention: Convention,
    *,
    by: User | None,
    subject: str,
    body: str,
    attachment: UploadedPdf | None = None,
) -> Message:
    """Add a message to the thread, and tell the other side.

    Raises TransitionRefused (thread closed, role, the same message sent twice), or
    ValidationError with the message at its field.
    """
    convention.refuse_stranger(by)
    if not can_post_message(convention):
        raise TransitionRefused("Ce dossier ne reçoit pas de messages dans son état actuel.")
    if by is not None and by.role == Role.FINANCE:
        raise TransitionRefused("Écrire dans ce dossier n'est pas ouvert à votre compte.")
    with transaction.atomic():
        # A double click takes its turn here, and finds the first message.
        hold(convention)
        last = convention.messages.last()
        if last and (last.by, last.subject, last.body) == (by, subject, body.strip()):
            raise TransitionRefused("Ce message est déjà envoyé.")
        message = write_message(
            convention.pk, by=by, subject=subject, body=body, attachment=attachment
        )
        attached = message.attachment
        write_journal(
            convention,
            by,
            "post_message",
            f"Message envoyé : {message.get_subject_display()}",
            changes={"attachment": [None, attached.sha256]} if attached else {},
        )
        notify(
            file_facts(convention),
            Notification.Kind.MESSAGE,
            to=other_side(by),
            by=by,
            message=message,
        )
    return message


def waits_for_answer(convention: Convention) -> Message | None:
    """Return the last message of the thread, where it is the town hall's and nobody dealt with it.

    As `conventions.situations.facts.UNANSWERED` has it in the database.
    """
    return unanswered(convention, convention.messages.last())


def unanswered(convention: Convention, last: Message | None) -> Message | None:
    """Return the last message of a thread, in `last`, where it waits for an answer."""
    if last is None or last.side != Side.TOWN_HALL or last.no_answer_at:
        return None
    # A request for correction is answered by sending.
    over = (State.CORRECTION_REQUESTED, State.ABANDONED, State.TERMINATED)
    return None if convention.state in over else last


def need_no_answer(convention: Convention, last_read: int, *, by: User) -> None:
    """Note that the town hall's messages, as far as the one of key `last_read`, need no answer.

    Another of theirs waits again. Raises TransitionRefused: role, nothing waits, one came since.
    """
    convention.refuse_stranger(by)
    if by.role not in ADMIN_SITE_ROLES:
        raise TransitionRefused("Seul le rectorat note qu'un message n'attend pas de réponse.")
    with transaction.atomic():
        hold(convention)
        last = waits_for_answer(convention)
        if last is None:
            raise TransitionRefused("Aucun message n'attend de réponse dans ce dossier.")
        if last.pk != last_read:
            raise TransitionRefused("Un message est arrivé depuis : lisez-le d'abord.")
        convention.messages.filter(side=Side.TOWN_HALL, no_answer_at__isnull=True).update(
            no_answer_at=timezone.now()
        )
        summary = f"Sans réponse nécessaire : {last.get_subject_display()}"
        write_journal(convention, by, "need_no_answer", summary)
