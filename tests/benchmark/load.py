"""Many town halls at once, over loopback: how long they wait, with and without a campaign printing.

Served as in production, by gunicorn, with a worker beside it; each town hall is a thread that
asks for its pages one after the other and sends a message, at once or after a moment of reading.
"""

import contextlib
import http.client
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from conventions.exchanges.models import Message
from conventions.models import Convention

TOWN_HALLS = 50
ROUNDS = 3
_ROOT = Path(__file__).resolve().parents[2]
_CSRF = "a" * 32
_PATIENCE = 60


@dataclass
class Load:
    """What was asked: seconds of each answer, those that were errors, and how long it all took."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    took: float = 0

    @property
    def rate(self) -> float:
        return len(self.seconds) / self.took

    def percentile(self, percent: int) -> float:
        """Return the seconds within which so many of a hundred answers came."""
        return statistics.quantiles(self.seconds, n=100)[percent - 1]


def town_halls(conventions: list[Convention]) -> list[tuple[str, Convention]]:
    """Give each file somebody who has signed in; return their session and the file."""
    signed_in = []
    for number, convention in enumerate(conventions):
        person = User.objects.create_user(f"mairie{number}@example.org", role=Role.TOWN_HALL)
        person.collectivities.add(convention.collectivity)
        browser = Client()
        browser.force_login(person)
        signed_in.append((browser.cookies["sessionid"].value, convention))
    return signed_in


@contextmanager
def served() -> Iterator[int]:
    """Serve the bench's own database, as production does, with a worker; yield the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "GUNICORN_LOG_LEVEL": "error",
        # E-mails are the worker's, who gives them to nobody: a demonstration writes its own at once.
        "EMAIL_URL": "dummymail://",
    }
    commands = (["-m", "gunicorn"], ["manage.py", "worker", "--verbosity", "0"])
    processes = [
        subprocess.Popen(
            [sys.executable, *command],
            cwd=_ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command in commands
    ]
    try:
        _wait_until_ready(port)
        yield port
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(300)


def _wait_until_ready(port: int) -> None:
    for _ in range(_PATIENCE * 10):
        try:
            if _ask(port, "GET", "/healthz", {})[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("gunicorn does not answer")


def load(port: int, signed_in: list[tuple[str, Convention]], reading: float) -> Load:
    """Have all the town halls ask for their pages, ROUNDS times each.

    Each reads a page for `reading` seconds on average before it asks for the next.
    """
    found, start = Load(), time.perf_counter()
    threads = [
        threading.Thread(target=_visit, args=(port, session, convention, reading, found))
        for session, convention in signed_in
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.took = time.perf_counter() - start
    return found


def _visit(port: int, session: str, convention: Convention, reading: float, found: Load) -> None:
    headers = {"Cookie": f"sessionid={session}; csrftoken={_CSRF}"}
    of_file = [convention.campaign.school_year, convention.collectivity.code]
    write = reverse("convention_message", args=of_file)
    asked = [
        ("GET", reverse("conventions")),
        ("GET", reverse("convention", args=of_file)),
        ("GET", reverse("convention_identity", args=of_file)),
        ("GET", write),
        ("POST", write),
    ]
    page = b""
    for _ in range(ROUNDS):
        for method, path in asked:
            time.sleep(random.uniform(0, 2 * reading))
            body = _message(page) if method == "POST" else ""
            start = time.perf_counter()
            try:
                status, page = _ask(port, method, path, headers, body)
                wrong = "" if status == (302 if method == "POST" else 200) else str(status)
            except (OSError, http.client.HTTPException) as error:
                wrong = type(error).__name__
            found.seconds.append(time.perf_counter() - start)
            if wrong:
                found.errors.append(f"{method} {path}: {wrong}")


def _message(page: bytes) -> str:
    """Fill in the form that `page` shows."""
    version = re.search(rb'name="version" value="(\d+)"', page)
    assert version, "no form"
    return urlencode(
        {
            "body": f"Bonjour, il est {time.time_ns()}.",  # The same twice is refused.
            "subject": Message.Subject.values[0],
            "version": version[1].decode(),
            "csrfmiddlewaretoken": _CSRF,
        }
    )


def _ask(
    port: int,
    method: str,
    path: str,
    headers: dict[str, str],
    body: str = "",
) -> tuple[int, bytes]:
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    # One connection a request, as most proxies make them.
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    connection.request(method, path, body.encode() or None, headers | kind)
    answer = connection.getresponse()
    with contextlib.closing(connection):
        return answer.status, answer.read()
