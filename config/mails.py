"""E-mails of the demonstration: a file each instead of a mail server, told on the terminal."""

import datetime
import logging
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

from django.conf import settings
from django.core.mail import EmailMessage as SentMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

logger = logging.getLogger(__name__)

# Words as they are read rather than as they are sent, for who opens the file.
_READABLE = policy.default.clone(utf8=True, refold_source="all")
_LINK = re.compile(r"https?://\S+")
# Alone on its line, as templates/account/email/login_code_message.txt writes it.
_CODE = re.compile(r"^[0-9A-Z]{3,}(?:-[0-9A-Z]{3,})*$", re.MULTILINE)


class MailFolder(BaseEmailBackend):
    """Keeps each e-mail as a file of MAILS_DIR, and says in a line what it is about."""

    def send_messages(self, email_messages: Sequence[SentMessage]) -> int:
        for message in email_messages:
            kept = _keep(message.message().as_bytes())
            logger.info("Courriel à %s : %s", kept.to, kept.gist)
        return len(email_messages)


@dataclass(frozen=True)
class Mail:
    """An e-mail as its reader sees it; `name` is its file's, without ending."""

    name: str
    subject: str
    sender: str
    to: str
    sent_at: datetime.datetime
    text: str
    html: str

    @property
    def gist(self) -> str:
        """The code that it brings, else its first link, else its subject."""
        if code := _CODE.search(self.text):
            return f"code {code[0]}"
        link = _LINK.search(self.text)
        return link[0] if link else self.subject


def names() -> list[str]:
    """Return the names of the e-mails kept, the newest first."""
    return sorted((path.stem for path in settings.MAILS_DIR.glob("*.eml")), reverse=True)


def read(name: str) -> Mail:
    """Return one e-mail; raises FileNotFoundError."""
    content = (settings.MAILS_DIR / f"{name}.eml").read_bytes()
    return _read(name, message_from_bytes(content, policy=_READABLE))


def _keep(content: bytes) -> Mail:
    message: EmailMessage = message_from_bytes(content, policy=_READABLE)
    # Sorted by name, they are sorted by time.
    name = f"{timezone.localtime():%Y-%m-%d-%H%M%S-%f}-{secrets.token_hex(2)}"
    settings.MAILS_DIR.mkdir(parents=True, exist_ok=True)
    unfinished = settings.MAILS_DIR / f"{name}.part"
    unfinished.write_bytes(message.as_bytes())
    unfinished.rename(unfinished.with_suffix(".eml"))
    return _read(name, message)


def _read(name: str, message: EmailMessage) -> Mail:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return Mail(
        name=name,
        subject=str(message["subject"]),
        sender=str(message["from"]),
        to=str(message["to"]),
        # Django writes UTC, as "-0000".
        sent_at=parsedate_to_datetime(message["date"]).replace(tzinfo=datetime.UTC),
        text=text.get_content() if text else "",
        html=html.get_content() if html else "",
    )
