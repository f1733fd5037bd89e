"""Inviting people: sent by the worker, opened by anyone, accepted by a click, or withdrawn."""

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, Value
from django.db.models.functions import Coalesce
from django.template.loader import render_to_string
from django.utils import timezone

from accounts import journal, rights
from accounts.invitations.models import VALID_FOR, Invitation
from accounts.models import User
from accounts.roles import ADMIN_SITE_ROLES, Role
from accounts.scope import collectivity_scope
from communes.models import Collectivity, Department
from outbox.addresses import absolute
from outbox.models import Email
from outbox.posting import deliver_after_commit, draft

_SUBJECT = "Votre accès aux conventions ENT-École"
_BATCH = 500


def invite(
    invitation: Invitation, *, by: User, departments: Iterable[Department] = ()
) -> Invitation:
    """Keep a new invitation and have it sent.

    Raises ValidationError (French) for whom `by` may not invite, or who has access already.
    """
    (sent,) = invite_all([invitation], by=by)
    sent.departments.set(departments)
    return sent


def invite_all(invitations: Sequence[Invitation], *, by: User) -> list[Invitation]:
    """Keep new invitations, thousands of them if need be, and have them sent by the worker.

    All or nothing; raises ValidationError as `invite`.
    """
    for invitation in invitations:
        invitation.email = invitation.email.strip().lower()
        invitation.invited_by, invitation.invited_by_name = by, by.signature
        invitation.expires_at = timezone.now() + VALID_FOR
        if refusal := refusal_of(invitation, by):
            raise ValidationError(refusal)
    try:
        with transaction.atomic():
            kept = Invitation.objects.bulk_create(invitations, batch_size=_BATCH)
            _send(kept, by)
            for invitation in kept:
                _note(invitation, "Invitation envoyée", by)
    except IntegrityError as error:
        raise ValidationError(
            "Une invitation attend déjà à l'une de ces adresses : envoyez-la de nouveau."
        ) from error
    return kept


def refusal_of(invitation: Invitation, by: User) -> str:
    """Return why `by` may not invite so (French), "" when they may."""
    collectivity = invitation.collectivity
    if invitation.role != Role.TOWN_HALL:
        if by.role != Role.ADMINISTRATOR:
            return "Seul un administrateur invite des agents."
    elif collectivity is None:
        return "Choisissez la collectivité."
    elif not may_manage(by, collectivity):
        return f"Vous ne gérez pas les accès {collectivity.of_title}."
    found = User.objects.filter(email=invitation.email).first()
    if found is None:
        return ""
    if not found.is_active and not found.was_removed:
        return (
            f"Le compte {found.email} est désactivé : demandez à un administrateur de le rouvrir."
        )
    if found.role != Role.TOWN_HALL or collectivity is None:
        return f"{found.email} a déjà un compte ({found.get_role_display()})."
    if found.collectivities.filter(pk=collectivity.pk).exists():
        return f"{found.email} a déjà accès à {collectivity}."
    return ""


def scope(user: User) -> Q:
    """Return the filter that leaves an agent their invitations.

    Those of the agents are the administrators' affair.
    """
    if user.role == Role.ADMINISTRATOR:
        return Q()
    return collectivity_scope(user, "collectivity") & Q(role=Role.TOWN_HALL)


def may_manage(user: User, collectivity: Collectivity) -> bool:
    """Tell whether `user` invites and removes people of a collectivity."""
    in_scope = Collectivity.objects.filter(collectivity_scope(user), pk=collectivity.pk).exists()
    if user.role in ADMIN_SITE_ROLES:
        return in_scope
    return in_scope and not user.is_shared and user.managed.filter(pk=collectivity.pk).exists()


def send_again(invitation: Invitation, *, by: User) -> bool:
    """Send a pending invitation again, for thirty days more; False when it is no longer one."""
    with transaction.atomic():
        now = timezone.now()
        pending = Invitation.objects.pending().filter(pk=invitation.pk)
        if not pending.update(expires_at=now + VALID_FOR, sent_at=now):
            return False
        invitation.refresh_from_db()
        _send([invitation], by)
        _note(invitation, "Invitation renvoyée", by)
    return True


def withdraw(invitation: Invitation, *, by: User | None) -> bool:
    """Take a pending invitation back: its link opens nothing more; False when it is no longer one."""
    with transaction.atomic():
        pending = Invitation.objects.pending().filter(pk=invitation.pk)
        if not pending.update(withdrawn_at=timezone.now()):
            return False
        _note(invitation, "Invitation retirée", by)
    return True


def note_opened(invitation: Invitation) -> None:
    """Keep that the page of its link was seen, by a person or by a mail scanner."""
    Invitation.objects.filter(pk=invitation.pk, opened_at__isnull=True).update(
        opened_at=timezone.now()
    )


def accept(invitation: Invitation, *, first_name: str = "", last_name: str = "") -> User:
    """Open the account, or give the one at this address another collectivity; return it.

    Raises ValidationError when the invitation serves no more, or the account may not.
    """
    now = timezone.now()
    with transaction.atomic():
        pending = Invitation.objects.pending().filter(pk=invitation.pk, expires_at__gt=now)
        if not pending.update(accepted_at=now, opened_at=Coalesce("opened_at", Value(now))):
            raise ValidationError("Cette invitation ne sert plus : demandez-en une autre.")
        user = User.objects.filter(email=invitation.email).first()
        if user is None:
            user = _open_account(invitation, first_name, last_name)
        elif (
            not (user.is_active or user.was_removed)
            or user.role != invitation.role
            or not invitation.collectivity
        ):
            raise ValidationError(
                "Le compte de cette adresse ne peut pas recevoir cet accès : écrivez au rectorat."
            )
        else:
            rights.grant(
                user,
                invitation.collectivity,
                manages=invitation.is_manager,
                by=invitation.invited_by,
            )
        Invitation.objects.filter(pk=invitation.pk).update(accepted_by=user)
        journal.note(
            journal.Kind.INVITATION, f"Invitation acceptée{_for(invitation)}", person=user, by=user
        )
    return user


def _open_account(invitation: Invitation, first_name: str, last_name: str) -> User:
    user = User.objects.create_user(
        invitation.email,
        first_name=first_name,
        last_name=last_name,
        role=invitation.role,
        is_shared=invitation.is_shared,
    )
    if invitation.collectivity:
        user.collectivities.set([invitation.collectivity])
        user.managed.set([invitation.collectivity] if invitation.is_manager else [])
    user.departments.set(invitation.departments.all())
    return user


def _send(invitations: list[Invitation], by: User) -> None:
    """Leave one e-mail an invitation to the outbox, and one delivery for all."""
    messages = Email.objects.bulk_create(
        [_message(invitation, by) for invitation in invitations], batch_size=_BATCH
    )
    for invitation, message in zip(invitations, messages, strict=True):
        invitation.message = message
    Invitation.objects.bulk_update(invitations, ["message"], batch_size=_BATCH)
    deliver_after_commit()


def _message(invitation: Invitation, by: User) -> Email:
    context = {
        "invitation": invitation,
        "link": absolute(invitation.path),
        "site_name": settings.SITE_NAME,
        "site_tagline": settings.SITE_TAGLINE,
    }
    body = render_to_string("account/email/invitation_message.txt", context)
    return draft(
        [invitation.email],
        subject=_SUBJECT,
        body=body.strip() + "\n",
        by=by,
        is_secret=True,
        useless_from=invitation.expires_at,
    )


def _note(invitation: Invitation, what: str, by: User | None) -> None:
    detail = f"{what} à {invitation.email} ({invitation.get_role_display()}{_for(invitation)})"
    journal.note(journal.Kind.INVITATION, detail, by=by)


def _for(invitation: Invitation) -> str:
    return f", {invitation.collectivity}" if invitation.collectivity else ""
