"""What people are told by e-mail of a file: written with the change that it tells of.

This room is handed what an e-mail says. It reads no convention, step or avenant: whoever
tells gives the file's facts (`FileFacts`) and what the kind's template names beside them.
"""

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from django.template.loader import get_template
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from conventions.exchanges.layout import Layout
from conventions.exchanges.models import Notification, Side
from documents.wording.typography import euros_and_cents
from lifecycle import transferred
from lifecycle.insertion import insertion_of
from outbox.addresses import absolute
from outbox.models import Email
from outbox.posting import deliver_after_commit, draft, post, post_again


@dataclass(frozen=True)
class FileFacts:
    """A file as its e-mails name it, who they go to, and the page each side opens.

    `amount` is in euros; `contact` is who answers at the rectorat, and how. `town_hall_path` is
    that of the page of the file.
    """

    convention_id: int
    reference: str
    school_year: str
    collectivity: str
    schools: int
    amount: Decimal
    reply_by: datetime.date | None
    contact: str
    town_hall_addresses: tuple[str, ...]
    rectorat_addresses: tuple[str, ...]
    town_hall_path: str

    def addresses(self, side: str) -> list[str]:
        """Return where to write to one side, each address once."""
        is_town_hall = side == Side.TOWN_HALL
        return list(self.town_hall_addresses if is_town_hall else self.rectorat_addresses)


def each_once(addresses: Iterable[str]) -> tuple[str, ...]:
    """Return the addresses without blanks or repetitions, capitals aside."""
    return tuple({address.lower(): address for address in addresses if address}.values())


def other_side(by: User | None) -> Side:
    """Return the side that reads what `by` did; the town hall for what the system did."""
    return Side.RECTORAT if by is not None and by.role == Role.TOWN_HALL else Side.TOWN_HALL


def opposite(side: Side) -> Side:
    """Return the other of the two sides."""
    return Side.TOWN_HALL if side == Side.RECTORAT else Side.RECTORAT


def notify(file: FileFacts, kind: str, *, to: str, by: User | None, **facts: Any) -> Notification:
    """Write the e-mail of a `kind` about `file`, and have it sent once all is committed.

    `to` is the side that reads it, `by` who did what it tells of (None for the system);
    `facts` go to the template `notifications/<kind>.txt`. Without any address the e-mail
    is kept all the same. Nothing remains of it if the change is undone.
    """
    words = get_template(f"notifications/{kind}.txt").render
    email = post(file.addresses(to), **_write(file, words, to, facts, Layout.of), by=by)
    return Notification.objects.create(
        convention_id=file.convention_id, kind=kind, side=to, email=email
    )


def notify_all(
    told: Sequence[tuple[FileFacts, dict[str, Any]]], kind: str, *, to: str, by: User | None
) -> None:
    """Do as `notify` for many files, each with the facts of its template, in few queries."""
    words = get_template(f"notifications/{kind}.txt").render
    layout_of = cache(Layout.of)
    emails = [
        draft(file.addresses(to), **_write(file, words, to, facts, layout_of), by=by)
        for file, facts in told
    ]
    keys = insertion_of(Email, emails).execute_for_keys()
    notifications = [
        Notification(convention_id=file.convention_id, kind=kind, side=to, email_id=key)
        for (file, _), key in zip(told, keys, strict=True)
    ]
    insertion_of(Notification, notifications).execute()
    if any(email.recipients for email in emails):
        deliver_after_commit()


def retry(notification: Notification, file: FileFacts) -> bool:
    """Queue again, to today's addresses, what failed or had nobody to go to.

    Return False when it is not one of those, when there is still nobody, or when its text went to
    the archives.
    """
    if notification.email.body == transferred.WORDS:
        return False
    return post_again(notification.email, file.addresses(notification.side))


def _pages(file: FileFacts, to: str) -> tuple[str, str]:
    """Return the page that an e-mail names, and the one that its link opens by itself.

    An agent signs in with a second factor, which no link stands in for.
    """
    if to == Side.TOWN_HALL:
        page = absolute(file.town_hall_path)
        return page, page
    path = reverse("admin:conventions_convention_change", args=[file.convention_id])
    return absolute(path), ""


def _write(
    file: FileFacts,
    words: Callable[..., str],
    to: str,
    facts: dict[str, Any],
    layout_of: Callable[..., Layout],
) -> dict[str, Any]:
    """Return what an e-mail says, as `draft` takes it; `words` renders subject and paragraphs.

    To a town hall the subject names the collectivity: a shared secretary receives ten of them.
    """
    to_town_hall = to == Side.TOWN_HALL
    text = words({"file": file, "to_town_hall": to_town_hall, **facts}).strip()
    subject, _, paragraphs = text.partition("\n")
    if to_town_hall:
        subject = f"{file.collectivity} – {subject}"
        layout = layout_of(to_town_hall=True, reply_by=file.reply_by, contact=file.contact)
    else:
        layout = layout_of(to_town_hall=False)
    page, opens = _pages(file, to)
    body, html = layout.written(
        subject=subject,
        paragraphs=paragraphs.strip(),
        collectivity=file.collectivity,
        schools=str(file.schools),
        amount=euros_and_cents(file.amount),
        reference=file.reference,
        link=page,
    )
    return {"subject": subject, "body": body, "html": html, "opens": opens, "is_mended": True}
