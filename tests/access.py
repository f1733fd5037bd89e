"""How tests come in: agents with their second factor, e-mails once the worker has sent them."""

import pytest
from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from django.core import mail
from django.test import Client
from django.utils import timezone

from outbox.tasks import deliver


class SignedInClient(Client):
    """A browser whose person, signed in by force, has proved a second factor just now."""

    def force_login(self, user, backend=None, *, factor=True):
        """Sign `user` in; with `factor=False`, by the first factor alone."""
        super().force_login(user, backend)
        record = {"method": "mfa" if factor else "password", "at": timezone.now().timestamp()}
        session = self.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [record]
        session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
        session.save()


@pytest.fixture
def client():
    return SignedInClient()


@pytest.fixture
def delivered():
    """Function that does what the worker would, and returns the e-mails sent so far."""

    def send():
        deliver()
        return mail.outbox

    return send
