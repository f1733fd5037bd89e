"""For whom a page was made: its form says so, and nobody else can make it say so."""

from django.core import signing

from drafts.models import KEPT_FOR

_SALT = "drafts"


def seal(owner_id: int, page: str) -> str:
    """Return what the form of `page` (its path) carries: whoever typed in it was that account."""
    return signing.dumps([owner_id, page], salt=_SALT)


def owner_of(sealed: str, page: str) -> int | None:
    """Return the key of the account that `page` was made for, None for any other text."""
    try:
        owner_id, sealed_page = signing.loads(sealed, salt=_SALT, max_age=KEPT_FOR)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return int(owner_id) if sealed_page == page else None
