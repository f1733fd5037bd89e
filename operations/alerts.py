"""Telling those who keep the site running, by ways that need neither the worker nor the outbox."""

import json
import logging
import urllib.request

from django.conf import settings
from django.core.mail import mail_admins
from django.db import DatabaseError

from operations.health import Trouble
from operations.models import Alert

logger = logging.getLogger(__name__)

_PATIENCE = 10  # seconds


def tell(troubles: list[Trouble]) -> bool:
    """Tell of the troubles that are new, and of those that ended; tell whether that went through.

    What reached nobody is told again the next time. Without a database nothing is remembered,
    and everything is told each time.
    """
    try:
        known = {alert.key: alert for alert in Alert.objects.all()}
    except DatabaseError:
        return _send([trouble.words for trouble in troubles])
    new = [trouble for trouble in troubles if trouble.key not in known]
    ended = [known[key] for key in known.keys() - {trouble.key for trouble in troubles}]
    if not new and not ended:
        return True
    lines = [trouble.words for trouble in new]
    lines += [f"C’est fini : {alert.words}" for alert in sorted(ended, key=lambda a: a.since)]
    if not _send(lines):
        return False
    Alert.objects.bulk_create([Alert(key=trouble.key, words=trouble.words) for trouble in new])
    Alert.objects.filter(pk__in=[alert.pk for alert in ended]).delete()
    return True


def _send(lines: list[str]) -> bool:
    """Send by e-mail to ADMINS and to the webhook; True when one of them took it."""
    text = "\n".join(lines)
    return any([_by_mail(text), _by_webhook(text)])


def _by_mail(text: str) -> bool:
    if not settings.ADMINS:
        return False
    try:
        mail_admins("Le site demande votre attention", f"{settings.SITE_URL}\n\n{text}")
    except OSError as error:  # smtplib's errors are among these.
        logger.error("The alert did not leave by e-mail: %s", error)
        return False
    return True


def _by_webhook(text: str) -> bool:
    if not settings.ALERT_WEBHOOK_URL:
        return False
    request = urllib.request.Request(  # noqa: S310 (the deployer's own address)
        settings.ALERT_WEBHOOK_URL,
        json.dumps({"text": f"{settings.SITE_URL}\n{text}"}).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE):  # noqa: S310
            return True
    except (OSError, ValueError) as error:
        logger.error("The alert did not leave by the webhook: %s", error)
        return False
