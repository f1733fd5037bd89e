"""Accounts that serve no more: warned, closed, and three years later without a name.

A town hall comes once a year: eleven months without a sign-in are said, thirteen close the
account, nobody unwarned. The last administrator is left alone.
"""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import DateTimeField, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest
from django.template.loader import render_to_string
from django.utils import timezone

from accounts import journal, rights
from accounts.invitations.models import Invitation
from accounts.models import AccessEntry, User
from accounts.models.user import WITHOUT_NAME
from accounts.roles import Role
from communes.models import Collectivity
from law.deadlines import add_months
from outbox.posting import post

WARNED_AFTER = 11  # months
CLOSED_AFTER = 13  # months
FORGOTTEN_AFTER = 36  # months
_WARNED = "Compte sans connexion depuis onze mois : courriel envoyé"
_ANONYMOUS = "anonyme.invalid"


@dataclass(frozen=True)
class Departures:
    """What a review does, or would do."""

    warned: list[User]
    closed: list[User]
    forgotten: list[User]
    # Collectivities that nobody opens any more.
    left_alone: list[Collectivity]


def review(*, dry_run: bool = False) -> Departures:
    """Warn, close and anonymise the accounts whose time has come; done again, it does nothing."""
    closed = list(_to_close())
    found = Departures(
        warned=list(_to_warn()),
        closed=closed,
        forgotten=list(_to_forget()),
        left_alone=_left_alone(closed),
    )
    if dry_run:
        return found
    with transaction.atomic():
        _each(found.warned, _warn)
        _each(found.closed, _close)
        _each(found.forgotten, forget)
        _tell_rectorat(found.left_alone)
    return found


def forget(user: User) -> None:
    """Take name and address away from a closed account, its history, invitations and journals.

    What it did stays its own: the journals of the files point to it still, and say its
    function and its collectivities in place of its name.
    """
    names = {
        "first_name": "",
        "last_name": WITHOUT_NAME,
        "email": f"compte-{user.pk}@{_ANONYMOUS}",
    }
    Invitation.objects.filter(Q(email=user.email) | Q(accepted_by=user)).update(
        email=names["email"]
    )
    Invitation.objects.filter(invited_by=user).update(invited_by_name=WITHOUT_NAME)
    User.history.filter(id=user.pk).update(**names)
    User.objects.filter(pk=user.pk).update(
        **names, password=make_password(None), proconnect_sub="", proconnect_siret=""
    )
    for model in (Authenticator, UserSession, EmailAddress):
        model.objects.filter(user=user).delete()
    _forget_name(user)


def _forget_name(user: User) -> None:
    """Put somebody's function in place of their name wherever it was kept beside their key.

    Journals among them: the database lets this one change of theirs through, once the account
    has no name (`lifecycle.models.JournalEntry.frozen_but`), and the ORM none.
    """
    function = _function_of(user)
    for model in apps.get_models():
        fields = {field.name: field for field in model._meta.get_fields()}
        if "by_name" in fields and fields["by"].related_model is User:
            QuerySet(model).filter(by=user).update(by_name=function)


def _function_of(user: User) -> str:
    """Return, for example, "mairie (Commune de Bourg), compte anonymisé"."""
    places = ", ".join(map(str, user.collectivities.order_by("code")))
    function = user.get_role_display() + (f" ({places})" if places else "")
    return f"{function[:150]}, {WITHOUT_NAME}"


def _quiet(months: int) -> QuerySet[User]:
    """The open accounts where nobody has signed in for so long, but the last administrator."""
    administrators = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True)
    keys = list(administrators.order_by("pk").values_list("pk", flat=True)[:2])
    return (
        User.objects.filter(is_active=True)
        .exclude(pk__in=keys if len(keys) == 1 else [])
        .annotate(
            # An account that was just opened again, or given another collectivity, serves.
            seen=Greatest(
                Coalesce("last_login", "date_joined"),
                F("rights_since"),
                output_field=DateTimeField(),
            )
        )
        .filter(seen__lt=_ago(months))
        .order_by("pk")
    )


def _warnings() -> QuerySet[AccessEntry]:
    return AccessEntry.objects.filter(
        person=OuterRef("pk"), detail=_WARNED, at__gt=OuterRef("seen")
    ).order_by()


def _to_warn() -> QuerySet[User]:
    return _quiet(WARNED_AFTER).exclude(Exists(_warnings()))


def _to_close() -> QuerySet[User]:
    """Nobody unwarned: who was told a month ago at least."""
    return _quiet(CLOSED_AFTER).filter(Exists(_warnings().filter(at__lt=_ago(1))))


def _to_forget() -> QuerySet[User]:
    closed = User.objects.filter(is_active=False, rights_since__lt=_ago(FORGOTTEN_AFTER))
    return closed.exclude(email__endswith=f"@{_ANONYMOUS}").order_by("pk")


def _left_alone(closed: list[User]) -> list[Collectivity]:
    """Return the collectivities that only these accounts opened."""
    concerned = Collectivity.objects.filter(users__in=closed)
    still_open = User.objects.filter(is_active=True, collectivities__isnull=False).exclude(
        pk__in=[user.pk for user in closed]
    )
    alone = concerned.exclude(pk__in=still_open.order_by().values("collectivities"))
    return list(alone.select_related("department").distinct().order_by("code"))


def _each(users: Iterable[User], do: Callable[[User], None]) -> None:
    for user in users:
        do(user)


def _warn(user: User) -> None:
    closing = max(
        add_months(timezone.localdate(user.seen), CLOSED_AFTER),  # type: ignore[attr-defined]
        add_months(timezone.localdate(), 1) + datetime.timedelta(days=1),
    )
    _write(user, "Votre compte n’a pas servi depuis onze mois", "idle", {"closing": closing})
    journal.note(journal.Kind.RIGHTS, _WARNED, person=user)


def _close(user: User) -> None:
    rights.end_access(user, by=None, reason="sans connexion depuis treize mois")


def _tell_rectorat(left_alone: list[Collectivity]) -> None:
    """Write to each agent of the rectorat about those of their départements."""
    for agent in User.objects.filter(role=Role.RECTORAT, is_active=True).order_by("pk"):
        scope = Collectivity.objects.filter(agent.department_scope("department"))
        theirs = scope.filter(pk__in=[each.pk for each in left_alone]).order_by("code")
        if theirs:
            subject = "Collectivités où plus personne n’a accès"
            _write(agent, subject, "left_alone", {"collectivities": theirs})


def _write(user: User, subject: str, template: str, context: dict[str, object]) -> None:
    site = {"site_name": settings.SITE_NAME, "site_tagline": settings.SITE_TAGLINE}
    body = render_to_string(f"account/email/{template}_message.txt", site | context)
    post([user.email], subject=subject, body=body.strip() + "\n", by=None)


def _ago(months: int) -> datetime.datetime:
    """Return this moment, so many months ago."""
    now = timezone.localtime()
    day = add_months(now.date(), -months)
    return now.replace(year=day.year, month=day.month, day=day.day)
