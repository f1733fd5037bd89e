"""Sending what the outbox holds; may be killed and done again."""

import datetime
import logging

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone
from django_q.tasks import async_task

from outbox.models import Email, PersonalLink

logger = logging.getLogger(__name__)

# What is of use for minutes (a sign-in code) waits for no more than these.
_CHUNK = 10
# Well under the worker's `timeout`, even if a message is long refused; then a task of its own.
_BUDGET = datetime.timedelta(seconds=20)
# Long enough to answer "it never came", or "who opened it?".
_SECRETS_KEPT = datetime.timedelta(days=90)


def deliver() -> int:
    """Send the e-mails that are due; return how many were sent.

    Each is claimed first, so that any number of deliveries run side by side and none is
    sent by two of them. A delivery killed between the mail server's yes and our note of
    it sends that one e-mail again: SMTP has no way to ask. After a while the rest goes
    to a task of its own.
    """
    Email.objects.give_up_exhausted()
    Email.objects.give_up_useless()
    started = timezone.now()
    sent = 0
    connection = get_connection()
    try:
        while due := list(Email.objects.due()[:_CHUNK]):
            for email in due:
                if timezone.now() - started > _BUDGET:
                    async_task("outbox.tasks.deliver")
                    return sent
                connection.open()
                if email.claim():
                    sent += _send(email, connection)
    except OSError as error:
        # The mail server itself does not answer: no e-mail has used up an attempt.
        logger.warning("The mail server does not answer: %s", error)
        Email.objects.due().update(error=f"Serveur de courriel injoignable : {error}")
    finally:
        connection.close()
    return sent


def _send(email: Email, connection: BaseEmailBackend) -> bool:
    """Send one e-mail that is ours; a failure is noted and tried again later."""
    try:
        if email.opens:
            _send_to_each(email, connection)
        else:
            _message(email, email.recipients, connection).send()
    except Exception as error:  # Whatever one message raises must not keep the others waiting.
        logger.warning("E-mail %s was not sent: %s", email.pk, error)
        email.note_failure(str(error) or type(error).__name__)
        connection.close()
        return False
    email.note_sent()
    return True


def _send_to_each(email: Email, connection: BaseEmailBackend) -> None:
    """Send a message to each recipient not yet reached, with a link of their own."""
    for recipient in email.still_to_reach():
        link, address = PersonalLink.make(email, recipient)
        _message(email, [recipient], connection, opens=address).send()
        link.note_sent()


def _message(
    email: Email, to: list[str], connection: BaseEmailBackend, opens: str = ""
) -> EmailMultiAlternatives:
    """Return what is sent of an e-mail; the address that it opens becomes `opens`."""
    body, html = (
        text.replace(email.opens, opens) if opens else text for text in (email.body, email.html)
    )
    message = EmailMultiAlternatives(email.subject, body, to=to, connection=connection)
    if html:
        message.attach_alternative(html, "text/html")
    return message


def forget_secrets() -> int:
    """Delete old e-mails of sign-in; return how many. Those about a file are kept with it."""
    since = timezone.now() - _SECRETS_KEPT
    settled = Email.objects.filter(is_secret=True, created_at__lt=since).exclude(
        state=Email.State.QUEUED
    )
    return settled.delete()[0]


def forget_links() -> int:
    """Delete old links of e-mails, used or past their time; return how many.

    Not those of an e-mail that may still go out: they say whom it has reached.
    """
    old = PersonalLink.objects.filter(made_at__lt=timezone.now() - _SECRETS_KEPT)
    return old.filter(email__state=Email.State.SENT).delete()[0]
