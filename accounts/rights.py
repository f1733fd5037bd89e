"""What an account may do, and how that changes: everything given before ends with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts import factor, journal
from accounts.adapter import tell_of_change
from accounts.models import User
from accounts.roles import Role
from accounts.scope import collectivity_scope
from communes.models import Collectivity

Kind = journal.Kind


@dataclass(frozen=True)
class Rights:
    """What an account opens, in the words of the journal."""

    email: str
    role: str
    is_active: bool
    is_shared: bool
    collectivities: frozenset[str]
    managed: frozenset[str]
    departments: frozenset[str]

    @classmethod
    def of(cls, user: User) -> "Rights":
        """Read them as the database has them."""
        saved = User.objects.get(pk=user.pk)
        return cls(
            email=saved.email,
            role=Role(saved.role).label,
            is_active=saved.is_active,
            is_shared=saved.is_shared,
            collectivities=frozenset(map(str, saved.collectivities.all())),
            managed=frozenset(map(str, saved.managed.all())),
            departments=frozenset(map(str, saved.departments.all())),
        )

    def difference(self, after: "Rights") -> str:
        """Say what `after` changes, "" for nothing."""
        told = [
            (self.email, after.email, "adresse"),
            (self.role, after.role, "rôle"),
            (_yes(self.is_active), _yes(after.is_active), "actif"),
            (_yes(self.is_shared), _yes(after.is_shared), "boîte partagée"),
            (_list(self.collectivities), _list(after.collectivities), "collectivités"),
            (_list(self.managed), _list(after.managed), "gère les accès de"),
            (_list(self.departments), _list(after.departments), "départements"),
        ]
        return " ; ".join(f"{what} : {old} → {new}" for old, new, what in told if old != new)


@contextmanager
def changing(user: User, *, by: User | None, reason: str = "") -> Iterator[None]:
    """Change an account in the block: what it changes of the rights is journalled, all that was
    given before ends (sessions, links, calendar addresses), all or nothing.
    """
    with transaction.atomic():
        before = Rights.of(user)
        yield
        settle(user, before, by=by, reason=reason)


def settle(user: User, before: Rights, *, by: User | None, reason: str = "") -> None:
    """Draw the consequences of what has just been changed; see `changing`."""
    if difference := before.difference(Rights.of(user)):
        end_what_was_given(user)
        why = f" ; motif : {reason.strip()}" if reason.strip() else ""
        journal.note(Kind.RIGHTS, f"Droits modifiés : {difference}{why}", person=user, by=by)


def end_what_was_given(user: User) -> None:
    """End the sessions of an account, its links still to be followed, its calendar addresses."""
    user.rights_since = timezone.now()
    User.objects.filter(pk=user.pk).update(rights_since=user.rights_since)


def end_access(user: User, *, by: User | None, reason: str = "") -> None:
    """Deactivate an account. Nobody ends their own."""
    _refuse_own(user, by)
    with changing(user, by=by, reason=reason):
        user.is_active = False
        user.save()


def remove_from(user: User, collectivity: Collectivity, *, by: User) -> None:
    """Take a colleague away from a collectivity; who has no other is deactivated.

    Raises ValidationError for the last who manages its access, and for oneself.
    """
    _refuse_own(user, by)
    with changing(user, by=by):
        # Held: of two managers who take each other away at once, one stays.
        held = Collectivity.objects.select_for_update(no_key=True).get(pk=collectivity.pk)
        if list(User.objects.managers_of(held)) == [user]:
            raise ValidationError(
                f"{user} est seul à gérer les accès {collectivity.of_title} : "
                "nommez d'abord quelqu'un d'autre."
            )
        user.collectivities.remove(collectivity)
        user.managed.remove(collectivity)
        if not user.collectivities.exists():
            user.is_active = False
            user.save()


def grant(user: User, collectivity: Collectivity, *, manages: bool, by: User | None) -> None:
    """Let a town hall's account work for another collectivity too, and manage its access."""
    with changing(user, by=by):
        if user.was_removed:
            user.is_active = True
            user.save()
        user.collectivities.add(collectivity)
        if manages and not user.is_shared:
            user.managed.add(collectivity)


def let_manage(user: User, *, by: User) -> bool:
    """Have a town hall's person look after the access of their collectivities, those of
    the territory of `by`; False for others."""
    if user.role != Role.TOWN_HALL or user.is_shared or not user.is_active:
        return False
    with changing(user, by=by):
        user.managed.add(*user.collectivities.filter(collectivity_scope(by)))
    return True


def reset_factor(user: User, *, by: User | None, reason: str) -> None:
    """Take somebody's lost factor away: journalled, told to them at once, sessions ended.

    `by` is another administrator, None for the command of the server. Raises ValidationError
    for oneself, and without a reason.
    """
    _refuse_own(user, by)
    if not reason.strip():
        raise ValidationError({"reason": "Indiquez le motif."})
    with transaction.atomic():
        factor.reset(user)
        end_what_was_given(user)
        journal.note(
            Kind.FACTOR, f"Second facteur réinitialisé : {reason.strip()}", person=user, by=by
        )
        who = by.get_full_name() if by else "l’administrateur du serveur"
        tell_of_change(user, f"Second facteur réinitialisé par {who} ({reason.strip()})")


def forget_proconnect(user: User, *, by: User, reason: str) -> None:
    """Clear whom ProConnect said this is: the next sign-in links it again by its address."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(proconnect_sub="", proconnect_siret="")
        user.proconnect_sub = user.proconnect_siret = ""
        detail = f"Identité ProConnect effacée : {reason.strip()}"
        journal.note(Kind.PROCONNECT, detail, person=user, by=by)


def _refuse_own(user: User, by: User | None) -> None:
    if by is not None and user.pk == by.pk:
        raise ValidationError("Personne ne le fait pour son propre compte.")


def _yes(value: bool) -> str:
    return "oui" if value else "non"


def _list(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "—"
