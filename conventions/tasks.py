"""What the background worker does; each task may be killed and done again."""

import datetime
import logging

from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils import timezone
from django_q.tasks import async_task

from conventions import jobs, outdating, piles, reminders
from conventions.models import Campaign, Convention, Job, Notification, Pile

logger = logging.getLogger(__name__)

_CHUNK = 50
# As for long actions; well under the worker's `timeout`, even if a message is long refused.
_BUDGET = datetime.timedelta(seconds=jobs.BUDGET)


def deliver() -> int:
    """Send the e-mails that are due; return how many were sent.

    Each is claimed first, so that any number of deliveries run side by side and none is
    sent by two of them. A delivery killed between the mail server's yes and our note of
    it sends that one e-mail again: SMTP has no way to ask. After a while the rest goes
    to a task of its own.
    """
    Notification.objects.give_up_exhausted()
    started = timezone.now()
    sent = 0
    connection = get_connection()
    try:
        while due := list(Notification.objects.due()[:_CHUNK]):
            for notification in due:
                if timezone.now() - started > _BUDGET:
                    async_task("conventions.tasks.deliver")
                    return sent
                connection.open()
                if notification.claim():
                    sent += _send(notification, connection)
    except OSError as error:
        # The mail server itself does not answer: no e-mail has used up an attempt.
        logger.warning("The mail server does not answer: %s", error)
        Notification.objects.due().update(error=f"Serveur de courriel injoignable : {error}")
    finally:
        connection.close()
    return sent


def run_job(job_id: int) -> None:
    """Do a part of a long action; what is left goes to a task of its own."""
    if jobs.work(Job.objects.select_related("by").get(pk=job_id)):
        async_task("conventions.tasks.run_job", job_id)


def read_pile(pile_id: int) -> None:
    """Read a part of a pile of scans; what is left goes to a task of its own."""
    if piles.read(Pile.objects.select_related("by").get(pk=pile_id)):
        async_task("conventions.tasks.read_pile", pile_id)


def send_reminders() -> int:
    """Send the reminders that open campaigns schedule; return how many files were reminded."""
    campaigns = Campaign.objects.filter(state=Campaign.State.OPEN)
    return sum(len(reminders.send(reminders.scheduled(campaign)).done) for campaign in campaigns)


def review_documents(after: int = 0) -> None:
    """Mark the documents whose printed facts changed outside of their convention."""
    rest = outdating.review(Convention.objects.all(), after)
    if rest is not None:
        async_task("conventions.tasks.review_documents", rest)


def _send(notification, connection) -> bool:
    """Send one e-mail that is ours; a failure is noted and tried again later."""
    message = EmailMultiAlternatives(
        notification.subject,
        notification.body,
        to=notification.recipients,
        connection=connection,
    )
    message.attach_alternative(notification.html, "text/html")
    try:
        message.send()
    except Exception as error:  # Whatever one message raises must not keep the others waiting.
        logger.warning("E-mail %s was not sent: %s", notification.pk, error)
        notification.note_failure(str(error) or type(error).__name__)
        connection.close()
        return False
    notification.note_sent()
    return True
