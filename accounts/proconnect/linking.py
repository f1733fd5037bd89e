"""Whose account an identity opens: found by its `sub`, then by its verified e-mail address.

A person keeps their `sub` when their address changes, and their address when they make a new
account of ProConnect: either is enough, as ProConnect has advised since September 2024.
"""

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string

from accounts import journal, rights
from accounts.models import User
from accounts.proconnect.identity import Identity
from accounts.roles import Role
from outbox.posting import post

Kind = journal.Kind


class NoAccount(Exception):
    """ProConnect vouches for the person, who may not come in: the message (French) says why."""


def account_of(identity: Identity) -> User:
    """Return the account of a person, brought up to date with what ProConnect says of them.

    Raises NoAccount: unknown, deactivated, or two accounts for one person.
    """
    by_sub = User.objects.filter(proconnect_sub=identity.sub).first()
    by_email = User.objects.filter(email=identity.email).first()
    if by_sub and by_email and by_sub != by_email:
        _tell_administrators(by_sub, by_email)
        raise NoAccount(
            "Votre identité ProConnect et votre adresse électronique sont celles de deux comptes "
            "différents. Un administrateur en est averti."
        )
    user = by_sub or by_email
    if user is None:
        journal.note(Kind.FAILURE, "ProConnect : aucun compte", address=identity.email)
        raise NoAccount(f"Aucun compte n’est ouvert à l’adresse {identity.email}.")
    if not user.is_active:
        journal.note(Kind.FAILURE, "ProConnect : compte désactivé", person=user)
        raise NoAccount(f"Le compte de {user.email} est désactivé.")
    with transaction.atomic():
        _link(user, identity)
        _follow(user, identity)
    return user


def _link(user: User, identity: Identity) -> None:
    """Keep the `sub`. Another one is replaced, not refused: people make new accounts there."""
    if user.proconnect_sub != identity.sub:
        replaced = "remplacée" if user.proconnect_sub else "reliée par l’adresse électronique"
        detail = f"Identité ProConnect {replaced}"
        journal.note(Kind.PROCONNECT, detail, person=user, by=user)
    user.proconnect_sub, user.proconnect_siret = identity.sub, identity.siret
    User.objects.filter(pk=user.pk).update(
        proconnect_sub=identity.sub, proconnect_siret=identity.siret
    )


def _follow(user: User, identity: Identity) -> None:
    """Let name and address follow; the mailbox of a whole service keeps its name."""
    names = {"first_name": identity.first_name, "last_name": identity.last_name}
    new = {"email": identity.email} | (names if identity.last_name and not user.is_shared else {})
    changed = {name: value for name, value in new.items() if getattr(user, name) != value}
    if changed:
        with rights.changing(user, by=user, reason="ProConnect"):
            for name, value in changed.items():
                setattr(user, name, value)
            user.save()


def _tell_administrators(by_sub: User, by_email: User) -> None:
    journal.note(
        Kind.PROCONNECT,
        f"Connexion refusée : identité ProConnect de ce compte, adresse de {by_email.email}",
        person=by_sub,
    )
    administrators = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True)
    body = render_to_string(
        "account/email/two_accounts_message.txt",
        {
            "by_sub": by_sub,
            "by_email": by_email,
            "site_name": settings.SITE_NAME,
            "site_tagline": settings.SITE_TAGLINE,
        },
    )
    post(
        list(administrators.order_by("email").values_list("email", flat=True)),
        subject="Deux comptes pour une identité ProConnect",
        body=body.strip() + "\n",
        by=None,
    )
