"""The second factor, as django-allauth asks of us: our words, secrets encrypted at rest."""

import base64
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from accounts import factor


class FactorStage(AuthenticateStage):
    """The step of signing in that asks for a factor, unless ProConnect has just vouched for one."""

    def _should_handle(self, request: HttpRequest) -> bool:
        records = get_authentication_records(request, self.login.user)
        if any(record.get("type") == factor.PROCONNECT for record in records):
            return False
        return bool(super()._should_handle(request))


class FactorAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": (
            "C’est votre seul second facteur : ajoutez-en d’abord un autre."
        ),
        "incorrect_code": "Ce code n’est pas le bon, ou a déjà servi. Attendez le suivant.",
    }

    def get_totp_issuer(self) -> str:
        return settings.SITE_NAME

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {
            "id": context.request.get_host().partition(":")[0],
            "name": settings.SITE_NAME,
        }

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:
        keys = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return f"Clé d’accès {keys + 1}"

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Keep who must have a factor from taking their last one away."""
        user: Any = authenticator.user
        others = Authenticator.objects.filter(user=user, type__in=factor.OWN)
        return not factor.is_required_of(user) or others.exclude(pk=authenticator.pk).exists()

    def encrypt(self, text: str) -> str:
        """Keep a copy of the database from being enough to make codes."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> MultiFernet:
    """A key derived from each of Django's secret ones: what an older one encrypted is still read."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derive(secret)) for secret in secrets])


def _derive(secret: str) -> bytes:
    # RFC 5869; a Fernet key is 32 bytes.
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"accounts.factor")
    return base64.urlsafe_b64encode(derivation.derive(secret.encode()))
