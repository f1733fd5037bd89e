"""Queued tasks outlive a change of SECRET_KEY: django-q2 reads only what the newest key signed,
and drops the rest."""

from typing import Any

from django.conf import settings
from django.core import signing
from django_q.conf import Conf
from django_q.signing import PickleSerializer, SignedPackage


def loads(package: str) -> Any:
    """Return what a key of ours signed, an older one too. Raises BadSignature for another's."""
    return signing.loads(
        package,
        key=settings.SECRET_KEY,
        salt=Conf.PREFIX,
        serializer=PickleSerializer,
        fallback_keys=settings.SECRET_KEY_FALLBACKS,
    )


def honour_older_keys() -> None:
    """Have django-q2 read queued tasks so."""
    SignedPackage.loads = staticmethod(loads)
