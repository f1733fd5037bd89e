"""Addresses of pages for what is read outside the site: e-mails, calendars, QR codes."""

from django.conf import settings


def absolute(path: str) -> str:
    """Return the whole address of a page."""
    return f"{settings.SITE_URL}{path}"
