"""The journal of access: a row that administrators search, and a line of the log."""

import logging

from allauth.account.adapter import get_adapter
from allauth.core import context
from django.core.exceptions import PermissionDenied
from django.utils.crypto import salted_hmac

from accounts.models import AccessEntry, User

logger = logging.getLogger(__name__)

Kind = AccessEntry.Kind
_DETAIL_LENGTH = 500


def note(
    kind: Kind,
    detail: str,
    *,
    person: User | None = None,
    by: User | None = None,
    address: str = "",
) -> None:
    """Write that something happened to `person`'s access, done by `by` (None for the site).

    For an `address` without an account, its hash is kept: it may be a password typed in the
    wrong field. The network is that of the request under way, if any.
    """
    entry = AccessEntry.objects.create(
        kind=kind,
        detail=detail[:_DETAIL_LENGTH],
        person=person,
        subject=person.email if person else hash_of(address) if address else "",
        by=by,
        by_name=by.signature if by else "système",
        network=network(),
    )
    logger.info(
        "access kind=%s person=%s by=%s network=%s subject=%s detail=%r",
        *(entry.kind, entry.person_id, entry.by_id, entry.network, entry.subject),
        entry.detail.partition("?")[0],  # What somebody searched for is for the table alone.
    )


def hash_of(address: str) -> str:
    """Return what stands for an address that no account has: the same for the same one."""
    digest = salted_hmac("accounts.journal", address.strip().lower(), algorithm="sha256")
    return f"inconnu:{digest.hexdigest()[:32]}"


def network() -> str | None:
    """Return the address of the network that the request under way comes from; None outside."""
    if context.request is None:
        return None
    try:
        address: str = get_adapter(context.request).get_client_ip(context.request)
    except PermissionDenied:  # A proxy that does not say.
        return None
    return address
