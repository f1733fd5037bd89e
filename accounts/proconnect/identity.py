"""Who ProConnect says somebody is: its tokens fetched, verified, read."""

from dataclasses import dataclass
from typing import Any

import jwt
import requests
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.urls import reverse
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from accounts.proconnect.provider import ProviderSettings, discover

_NAME_LENGTH = 80


class Refused(Exception):
    """What ProConnect sent, or what came in its name, does not hold."""


@dataclass(frozen=True)
class Identity:
    """A person, as ProConnect vouches for them."""

    sub: str
    email: str
    first_name: str
    last_name: str
    siret: str
    has_proved_factor: bool
    id_token: str


class Tokens(ProviderSettings, OIDCAuthenticationBackend):
    """The library's exchange of a code for tokens, stricter about what they say."""

    def get_payload_data(self, token: str, key: Any) -> dict[str, Any]:
        """Return the claims of a token that ProConnect signed, for us, that is still valid."""
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[self.OIDC_RP_SIGN_ALGO],
            audience=self.OIDC_RP_CLIENT_ID,
            issuer=discover()["issuer"],
            options={"require": ["iss", "aud", "sub", "exp"]},
        )
        return claims

    def get_userinfo(
        self, access_token: str, id_token: str, payload: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the claims of the signed userinfo, which must be about the same person."""
        response = requests.get(
            self.OIDC_OP_USER_ENDPOINT,
            headers={"Authorization": f"Bearer {access_token}"},
            timeout=self.get_settings("OIDC_TIMEOUT"),
        )
        response.raise_for_status()
        if not response.headers.get("Content-Type", "").lower().startswith("application/jwt"):
            raise SuspiciousOperation("userinfo is not signed")
        key = self.retrieve_matching_jwk(response.text)
        claims = self.get_payload_data(response.text, key)
        if claims["sub"] != payload["sub"]:
            raise SuspiciousOperation("userinfo is about somebody else")
        return claims


def identify(request: HttpRequest, *, code: str, nonce: str, verifier: str) -> Identity:
    """Exchange the code that ProConnect gave for an identity.

    Raises Refused, or requests.RequestException when ProConnect does not answer.
    """
    tokens = Tokens()
    try:
        given = tokens.get_token(
            {
                "client_id": tokens.OIDC_RP_CLIENT_ID,
                "client_secret": tokens.OIDC_RP_CLIENT_SECRET,
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": request.build_absolute_uri(reverse("proconnect_callback")),
                "code_verifier": verifier,
            }
        )
        proved = tokens.verify_token(given["id_token"], nonce=nonce)
        person = tokens.get_userinfo(given["access_token"], given["id_token"], proved)
        return Identity(
            sub=proved["sub"],
            email=_verified_email(person),
            first_name=str(person.get("given_name") or "")[:_NAME_LENGTH],
            last_name=str(person.get("usual_name") or "")[:_NAME_LENGTH],
            siret=str(person.get("siret") or "").replace(" ", "")[:14],
            has_proved_factor="mfa" in (proved.get("amr") or ()),
            id_token=given["id_token"],
        )
    except requests.HTTPError as error:
        if error.response is not None and error.response.status_code < 500:
            raise Refused("ProConnect refused the code") from error
        raise
    except (jwt.PyJWTError, SuspiciousOperation, KeyError, TypeError) as error:
        raise Refused(str(error)) from error


def _verified_email(person: dict[str, Any]) -> str:
    """Return the address, which ProConnect verifies; refuse one that it says it did not."""
    if person.get("email_verified") is False:
        raise SuspiciousOperation("the e-mail address is not verified")
    return str(person["email"]).strip().lower()
