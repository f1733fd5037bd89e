"""ProConnect's addresses, as its discovery document gives them (OpenID Connect Discovery 1.0)."""

from typing import Any

import requests
from django.conf import settings
from django.core.cache import caches

_KEPT = 3600  # seconds
_KEYS = {
    "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization_endpoint",
    "OIDC_OP_TOKEN_ENDPOINT": "token_endpoint",
    "OIDC_OP_USER_ENDPOINT": "userinfo_endpoint",
    "OIDC_OP_JWKS_ENDPOINT": "jwks_uri",
}


class Unavailable(Exception):
    """ProConnect does not answer, or not as it should."""


def discover() -> dict[str, Any]:
    """Return the discovery document, kept for an hour. Raises Unavailable."""
    address = settings.PROCONNECT_DISCOVERY_URL
    key = f"proconnect:{address}"
    document: dict[str, Any] | None = caches["files"].get(key)
    if document is None:
        try:
            response = requests.get(address, timeout=settings.OIDC_TIMEOUT)
            response.raise_for_status()
            document = response.json()
            if not {"issuer", *_KEYS.values()} <= set(document):
                raise Unavailable(f"{address} lacks an address")
        except (requests.RequestException, ValueError, TypeError) as error:
            raise Unavailable(str(error)) from error
        caches["files"].set(key, document, _KEPT)
    return document


class ProviderSettings:
    """What mozilla-django-oidc reads as settings, answered by discovery. Raises Unavailable."""

    @staticmethod
    def get_settings(attr: str, *default: Any) -> Any:
        if attr in _KEYS:
            return discover()[_KEYS[attr]]
        return getattr(settings, attr, *default)
