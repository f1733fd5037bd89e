"""What the two sides of a file write to each other, and its return for correction."""

from django.db import transaction
from django.utils import timezone

from accounts.roles import Role
from conventions.lifecycle import State
from conventions.notifications import notify
from documents.models import Document
from documents.uploads import UploadedPdf

from .errors import TransitionRefused
from .journal import JournalEntry
from .message import Message
from .notification import Notification
from .part import ConventionPart


class Correspondence(ConventionPart):
    """The thread of a `Convention` (mixed into it): messages, requests and answers."""

    def send(self, *, by, on=None, comment: str = "", attachment: UploadedPdf | None = None):
        """Show the convention to its collectivity; schools and amount are frozen from here.

        Sent again after a correction was requested, it starts over: `comment` is then the
        rectorat's answer and joins the thread, on the subject of the request.
        """
        again = self.state == State.CORRECTION_REQUESTED
        with transaction.atomic():
            self._transition(
                "send", by, comment=comment, sent_on=on or timezone.localdate(), accepted_on=None
            )
            if comment.strip() or attachment:
                self._write_message(by, self._last_subject(), comment, attachment)
            notify(
                self,
                Notification.Kind.SENT,
                to=Message.Side.TOWN_HALL,
                by=by,
                again=again,
                answer=comment.strip(),
            )

    def request_correction(
        self, *, by, subject: str, comment: str, attachment: UploadedPdf | None = None
    ):
        """Return the file to the rectorat: `comment` says what is wrong, about `subject`.

        `subject` is one of Message.Subject; the comment opens a message of the thread.
        Nothing of the collectivity's confirmation stands from here.
        """
        self._refuse_transition("request_correction", by, comment)
        with transaction.atomic():
            # Before the transition: a message that is refused leaves this instance as it was.
            message = self._write_message(by, subject, comment, attachment)
            self._transition("request_correction", by, comment=comment, accepted_on=None)
            notify(
                self,
                Notification.Kind.CORRECTION_REQUESTED,
                to=Message.Side.RECTORAT,
                by=by,
                message=message,
            )

    @property
    def can_post_message(self) -> bool:
        """Tell whether the thread is open: neither before the file is sent nor once given up."""
        return self.state not in (State.PREPARED, State.ABANDONED)

    def post_message(
        self, *, by, subject: str, body: str, attachment: UploadedPdf | None = None
    ) -> Message:
        """Add a message to the thread, at any time; nothing else of the file changes.

        Raises TransitionRefused (thread closed, role, the same message sent twice), or
        ValidationError with the message at its field.
        """
        if not self.can_post_message:
            raise TransitionRefused("Ce dossier ne reçoit pas de messages dans son état actuel.")
        if by is not None and by.role == Role.FINANCE:
            raise TransitionRefused("Écrire dans ce dossier n'est pas ouvert à votre compte.")
        with transaction.atomic():
            # A double click takes its turn here, and finds the first message.
            self._meta.model.objects.select_for_update().only("pk").get(pk=self.pk)
            last = self.messages.last()
            if last and (last.by, last.subject, last.body) == (by, subject, body.strip()):
                raise TransitionRefused("Ce message est déjà envoyé.")
            message = self._write_message(by, subject, body, attachment)
            JournalEntry.about(
                self,
                by=by,
                verb="post_message",
                summary=f"Message envoyé : {message.get_subject_display()}",
                changes={"attachment": [None, message.attachment.sha256]} if attachment else {},
            ).save()
            notify(
                self,
                Notification.Kind.MESSAGE,
                to=Message.Side.RECTORAT
                if message.side == Message.Side.TOWN_HALL
                else Message.Side.TOWN_HALL,
                by=by,
                message=message,
            )
        return message

    def _write_message(self, by, subject, body, attachment):
        is_town_hall = by is not None and by.role == Role.TOWN_HALL
        message = Message(
            convention=self,
            by=by,
            by_name=by.get_full_name() if by else "Rectorat",
            side=Message.Side.TOWN_HALL if is_town_hall else Message.Side.RECTORAT,
            subject=subject,
            body=body.strip(),
        )
        message.full_clean(exclude=["convention", "attachment"])
        if attachment:
            message.attachment = Document.receive(attachment, by=by)
        message.save()
        return message

    def _last_subject(self):
        last = self.messages.last()
        return last.subject if last else Message.Subject.OTHER
