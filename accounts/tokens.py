"""The links by which a forgotten password is chosen anew."""

from typing import Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator


class LinkTokenGenerator(PasswordResetTokenGenerator):
    """Serves once, and no more once the address or the rights of the account have changed."""

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.rights_since.timestamp()}"
