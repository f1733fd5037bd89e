"""What keeps people from being told (`manage.py check --deploy`)."""

from collections.abc import Iterator
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.http.request import validate_host

_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
_CONSOLE = "django.core.mail.backends.console.EmailBackend"


@register(Tags.urls, deploy=True)
def check_links(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse an address of the site that nobody could follow in an e-mail or on paper."""
    hint = "Set SITE_URL to the address at which people reach the site: https://…"
    address = urlsplit(settings.SITE_URL)
    if not address.hostname:
        yield Error(
            f"SITE_URL ({settings.SITE_URL!r}) is no address: links in e-mails would lead nowhere.",
            hint=hint,
            id="outbox.E003",
        )
        return
    if address.hostname in _THIS_MACHINE:
        yield Error(
            "SITE_URL is this machine's own address: no link in an e-mail would work.",
            hint=hint,
            id="outbox.E001",
        )
    if address.scheme != "https":
        yield Error(
            "SITE_URL is not https: codes and links would travel in clear.",
            hint=hint,
            id="outbox.E004",
        )
    if not validate_host(address.hostname, settings.ALLOWED_HOSTS):
        yield Error(
            f"The site does not answer to {address.hostname}, which SITE_URL gives in every link.",
            hint="Add that name to ALLOWED_HOSTS, or correct SITE_URL.",
            id="outbox.E005",
        )


@register(Tags.urls, deploy=True)
def check_emails(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse e-mails that go nowhere."""
    if settings.EMAIL_BACKEND == _CONSOLE:
        yield Error(
            "E-mails are printed on the console.",
            hint="Set EMAIL_URL to the address of a mail server.",
            id="outbox.E002",
        )
    _, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    if "." not in sender.rpartition("@")[2]:
        yield Error(
            f"E-mails would be sent by {settings.DEFAULT_FROM_EMAIL!r}, whom mail servers refuse.",
            hint="Set DEFAULT_FROM_EMAIL to an address of the site's domain.",
            id="outbox.E006",
        )
