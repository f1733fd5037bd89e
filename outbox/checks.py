"""What keeps people from being told (`manage.py check --deploy`)."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
_CONSOLE = "django.core.mail.backends.console.EmailBackend"


@register(Tags.urls, deploy=True)
def check_emails(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse e-mails that go nowhere, and links in them that nobody can follow."""
    if urlsplit(settings.SITE_URL).hostname in _THIS_MACHINE:
        yield Error(
            "SITE_URL is this machine's own address: no link in an e-mail would work.",
            hint="Set SITE_URL to the address at which people reach the site.",
            id="outbox.E001",
        )
    if settings.EMAIL_BACKEND == _CONSOLE:
        yield Error(
            "E-mails are printed on the console.",
            hint="Set EMAIL_URL to the address of a mail server.",
            id="outbox.E002",
        )
