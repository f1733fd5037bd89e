"""Putting an e-mail in the outbox: written with the change it tells of, sent after commit."""

from typing import Any

from django.db import transaction
from django.utils.text import Truncator
from django_q.tasks import async_task

from outbox.models import Delivery, Email
from typography import mend, mend_html

_SUBJECT_LENGTH = 200


def post(recipients: list[str], *, subject: str, body: str, html: str = "", by: Any) -> Email:
    """Keep an e-mail and have it sent once all is committed; nothing remains of it if not.

    `by` is who did what it tells of, None for the system. Without any address it is kept
    all the same, as NO_RECIPIENT.
    """
    email = Email.objects.create(
        recipients=recipients,
        subject=mend(Truncator(subject).chars(_SUBJECT_LENGTH)),
        body=mend(body),
        html=mend_html(html),
        created_by=by,
        state=Delivery.QUEUED if recipients else Delivery.NO_RECIPIENT,
    )
    if recipients:
        deliver_after_commit()
    return email


def post_again(email: Email, recipients: list[str]) -> bool:
    """Queue again, to `recipients`, what failed or had nobody to go to.

    Return False when it is not one of those, or when there is still nobody.
    """
    if not recipients or not email.queue_again(recipients):
        return False
    deliver_after_commit()
    return True


def deliver_after_commit() -> None:
    """Ask for one delivery once the transaction is committed, however many e-mails it wrote.

    A rolled-back savepoint takes its request with it. If the queue itself is out of reach,
    nothing is lost: the schedule delivers them later.
    """
    waiting = transaction.get_connection().run_on_commit
    if not any(function is _deliver_soon for _, function, _ in waiting):
        transaction.on_commit(_deliver_soon, robust=True)


def _deliver_soon() -> None:
    async_task("outbox.tasks.deliver")
