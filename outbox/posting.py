"""Putting an e-mail in the outbox: written with the change it tells of, sent after commit."""

import datetime
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.text import Truncator
from django_q.tasks import async_task

from outbox.models import Delivery, Email
from outbox.tasks import deliver
from typography import mend, mend_html

_SUBJECT_LENGTH = 200
# What has asked for a delivery, of what is delivered together; None elsewhere.
_asked: ContextVar[list[None] | None] = ContextVar("asked", default=None)


def post(recipients: list[str], **what: Any) -> Email:
    """Keep an e-mail (`draft` says of what) and have it sent once all is committed.

    Nothing remains of it if not. For what is secret a delivery is asked for even where there is
    no address: whoever times the answer does not learn whether somebody is written to.
    """
    email = draft(recipients, **what)
    email.save()
    if recipients or email.is_secret:
        deliver_after_commit()
    return email


def draft(
    recipients: list[str],
    *,
    subject: str,
    body: str,
    html: str = "",
    by: Any,
    is_secret: bool = False,
    useless_from: datetime.datetime | None = None,
    opens: str = "",
    is_mended: bool = False,
) -> Email:
    """Return an e-mail still to be saved: who keeps many at once delivers once.

    `by` is who did what it tells of, None for the system. Without any address it is kept
    all the same, as NO_RECIPIENT. What `is_secret` (a code, a link) is wiped out once sent;
    nothing is sent from `useless_from` on. `opens` is an address that the text holds: each
    recipient is sent a link of their own in its place. `is_mended` tells that body and HTML
    have the signs of print already: who writes thousands mends once what they share.
    """
    if not recipients and is_secret:
        body = html = ""
    if not is_mended:
        body, html = mend(body), mend_html(html)
    return Email(
        recipients=recipients,
        subject=mend(_shortened(subject)),
        body=body,
        html=html,
        created_by=by,
        is_secret=is_secret,
        useless_from=useless_from,
        opens=opens,
        state=Delivery.QUEUED if recipients else Delivery.NO_RECIPIENT,
    )


def _shortened(subject: str) -> str:
    composed = unicodedata.normalize("NFC", subject)
    if len(composed) <= _SUBJECT_LENGTH:  # Nearly all; it would be counted sign by sign.
        return composed
    return Truncator(composed).chars(_SUBJECT_LENGTH)


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


@contextmanager
def delivered_together() -> Iterator[None]:
    """Have the transactions within ask for two deliveries: at their first e-mail, and at the end.

    Work on thousands of files commits a hundred times: each would ask for one that finds nothing.
    """
    asked: list[None] = []
    before = _asked.set(asked)
    try:
        yield
    finally:
        _asked.reset(before)
        if len(asked) > 1:
            deliver_after_commit()


def _deliver_soon() -> None:
    asked = _asked.get()
    if asked is not None:
        asked.append(None)
        if len(asked) > 1:
            return
    if settings.DELIVER_AT_ONCE:  # Files of the demonstration: no mail server to wait for.
        deliver()
    else:
        async_task("outbox.tasks.deliver")
