"""The thread of a file: what each side writes to the other."""

from accounts.models import User
from accounts.roles import Role
from conventions.exchanges.models import Message, Side
from documents.models import Document
from documents.received.uploads import UploadedPdf


def write_message(
    convention_id: int,
    *,
    by: User | None,
    subject: str,
    body: str,
    attachment: UploadedPdf | None = None,
) -> Message:
    """Add a message to the thread of a file, with the file attached to it.

    `subject` is one of Message.Subject. Raises ValidationError with the message at its field.
    """
    is_town_hall = by is not None and by.role == Role.TOWN_HALL
    message = Message(
        convention_id=convention_id,
        by=by,
        by_name=by.signature if by else "Rectorat",
        side=Side.TOWN_HALL if is_town_hall else Side.RECTORAT,
        subject=subject,
        body=body.strip(),
    )
    message.full_clean(exclude=["convention", "attachment"])
    if attachment:
        message.attachment = Document.receive(attachment, by=by)
    message.save()
    return message


def last_subject(convention_id: int) -> str:
    """Return the subject of the last message of a file, which an answer continues."""
    last = Message.objects.filter(convention=convention_id).last()
    return last.subject if last else Message.Subject.OTHER
