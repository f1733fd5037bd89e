"""A page that is only read writes nothing: SQL that writes during a GET fails the test."""

import re

import pytest
from django.core.handlers.base import BaseHandler
from django.db import connection

from . import note

READING = ("GET", "HEAD", "OPTIONS")
# Tables that a page may write into while it is read.
WRITTEN = {
    "django_session": "the link that resets a password moves its key out of the address",
    "accounts_accessentry": "whoever takes a list away leaves a line in the journal of access",
    "mfa_authenticator": "recovery codes are shown once, and are marked as shown",
    "invitations_invitation": "that the page of an invitation was seen is kept, nothing more",
}
# Pages that are asked for, and do something, because others lead to them so.
WRITING = {
    "/comptes/proconnect/arrivee/": "ProConnect sends people back by GET, and they are in",
}
_READS = re.compile(
    r"\s*(\(?SELECT(?!.*\bFOR UPDATE\b)|BEGIN|COMMIT|SAVEPOINT|RELEASE|ROLLBACK|PRAGMA)\b", re.S
)
_TABLE = re.compile(r'(?:INTO|UPDATE|FROM)\s+"?(\w+)')


class Wrote(Exception):
    """A page was asked for, and wrote."""


@pytest.fixture(scope="session", autouse=True)
def no_write_while_reading():
    """Refuse every statement that writes while a page is read, its streamed content included."""
    answer = BaseHandler.get_response

    def answer_without_writing(handler, request):
        if request.method not in READING or request.path in WRITING:
            return answer(handler, request)
        refuse = _refusing(f"{request.method} {request.path}")
        with connection.execute_wrapper(refuse):
            response = answer(handler, request)
        if response.streaming:
            response.streaming_content = _streamed(response.streaming_content, refuse)
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseHandler, "get_response", answer_without_writing)
        yield


def _refusing(page):
    def refuse(execute, sql, params, many, context):
        if not _READS.match(sql):
            table = _TABLE.search(sql)
            if table is None or table[1] not in WRITTEN:
                note(f"{page} writes: {sql[:200]}")
                raise Wrote(sql)
        return execute(sql, params, many, context)

    return refuse


def _streamed(content, refuse):
    chunks = iter(content)
    while True:
        with connection.execute_wrapper(refuse):
            chunk = next(chunks, None)
        if chunk is None:
            return
        yield chunk
