"""Messages between the two sides of a file, at any time; nothing else of it changes."""

from django.db import transaction

from accounts.models import User
from accounts.roles import Role
from conventions.exchanges.models import Message, Notification
from conventions.exchanges.telling import notify, other_side
from conventions.exchanges.thread import write_message
from conventions.lifecycle import State
from conventions.models import Convention, file_facts
from documents.received.uploads import UploadedPdf
from lifecycle.door import hold, write_journal
from lifecycle.errors import TransitionRefused


def can_post_message(convention: Convention) -> bool:
    """Tell whether the thread is open: neither before the file is sent nor once given up."""
    return convention.state not in (State.PREPARED, State.ABANDONED)


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
