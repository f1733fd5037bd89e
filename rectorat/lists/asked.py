"""What the page that asks about an action carries to where it is done: written by the site alone."""

from django.core import signing

_SALT = "rectorat.asked"


def seal(words: str, back: str) -> str:
    """Return how rows were chosen, in words, and the page to come back to, for a hidden field."""
    return signing.dumps([words, back], salt=_SALT)


def read(sealed: str) -> tuple[str, str]:
    """Return both; "" and "" unless the site wrote them."""
    try:
        words, back = signing.loads(sealed, salt=_SALT)
    except signing.BadSignature:
        return "", ""
    return words, back
