"""Nothing is asked of another host: a connection, or the look-up of a name, fails the test.

The processes that a test starts are refused it too (tests/processes/sitecustomize.py), the
browser's pages as well (tests/e2e/conftest.py).
"""

import loopback
import pytest
from django.core.mail.utils import DNS_NAME

from . import note


@pytest.fixture(scope="session", autouse=True)
def no_other_host():
    """Note every other host; e-mails are numbered without looking this machine's name up."""
    DNS_NAME._fqdn = "localhost"
    loopback.listeners.append(note)
    loopback.refuse_other_hosts()
