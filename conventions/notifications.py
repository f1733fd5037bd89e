"""What people are told by e-mail: written with the change it tells of, sent after commit."""

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.text import Truncator
from django_q.tasks import async_task

from accounts.roles import Role
from conventions import progress, terminations
from conventions.models.message import Message
from conventions.models.notification import Notification

Kind = Notification.Kind
Side = Message.Side
_SUBJECT_LENGTH = Notification._meta.get_field("subject").max_length


def notify(convention, kind: Kind, *, to: Side, by, **facts) -> Notification:
    """Write the e-mail of a `kind` about `convention`, and have it sent once all is committed.

    `to` is the side that reads it, `by` who did what it tells of (None for the system);
    `facts` go to the template `notifications/<kind>.txt`. Without any address the e-mail
    is kept all the same, as NO_RECIPIENT. Nothing remains of it if the change is undone.
    """
    recipients = recipients_of(convention, to)
    subject, body, html = _write(convention, kind, to, facts)
    notification = Notification.objects.create(
        convention=convention,
        kind=kind,
        side=to,
        recipients=recipients,
        subject=subject,
        body=body,
        html=html,
        created_by=by,
        state=Notification.State.QUEUED if recipients else Notification.State.NO_RECIPIENT,
    )
    if recipients:
        deliver_after_commit()
    return notification


def recipients_of(convention, side: Side) -> list[str]:
    """Return the addresses of one side of a file, each once.

    The town hall's active accounts and the address of the collectivity itself; for the
    rectorat, the address of the campaign.
    """
    if side == Side.RECTORAT:
        address = convention.campaign.contact_email
        return [address] if address else []
    # Through `users`, which an action on thousands of files fetches beforehand.
    people = convention.collectivity.users.all()
    accounts = [user.email for user in people if user.is_active and user.role == Role.TOWN_HALL]
    addresses = [convention.collectivity.email, *sorted(accounts)]
    return list({address.lower(): address for address in addresses if address}.values())


def retry(notification: Notification) -> bool:
    """Queue again, to today's addresses, what failed or had nobody to go to.

    Return False when it is not one of those, or when there is still nobody.
    """
    recipients = recipients_of(notification.convention, Message.Side(notification.side))
    if not recipients or not notification.queue_again(recipients):
        return False
    deliver_after_commit()
    return True


def deliver_after_commit() -> None:
    """Ask for one delivery once the transaction is committed, however many e-mails it wrote.

    Should the worker's table be out of reach just then, the schedule delivers them later.
    """
    waiting = transaction.get_connection().run_on_commit
    if not any(function is _deliver_soon for _, function, _ in waiting):
        transaction.on_commit(_deliver_soon, robust=True)


def _deliver_soon():
    async_task("conventions.tasks.deliver")


def absolute(path: str) -> str:
    """Return the whole address of a page, for what is read outside the site."""
    return f"{settings.SITE_URL}{path}"


def _write(convention, kind, to, facts):
    """Return subject, text and HTML; the kind's template gives subject and paragraphs."""
    if to == Side.RECTORAT:
        page = reverse("admin:conventions_convention_change", args=[convention.pk])
    else:
        page = convention.get_absolute_url()
    context = {
        "convention": convention,
        "campaign": convention.campaign,
        "to_town_hall": to == Side.TOWN_HALL,
        **facts,
    }
    if kind == Kind.REMINDER:
        context["expected"] = progress.expected_now(progress.steps(convention))
    if kind == Kind.TERMINATION:
        context["standing"] = terminations.standing(facts["termination"])
    text = render_to_string(f"notifications/{kind}.txt", context).strip()
    subject, _, paragraphs = text.partition("\n")
    layout = {
        "subject": subject,
        "paragraphs": paragraphs.strip(),
        "link": absolute(page),
        "convention": convention,
        "site_name": settings.SITE_NAME,
        "site_tagline": settings.SITE_TAGLINE,
    }
    return (
        Truncator(subject).chars(_SUBJECT_LENGTH),
        render_to_string("notifications/layout.txt", layout).strip() + "\n",
        render_to_string("notifications/layout.html", layout),
    )
