"""The background worker as a real process, with a mail server of its own."""

import datetime
import multiprocessing
import os
import queue
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from accounts.roles import Role
from conventions.models import Piece
from jobs import running as jobs
from jobs.management.commands import worker as command
from jobs.models import Job, JobItem, Worker
from outbox.models import Email
from tests.factories import ConventionFactory, UserFactory

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds, on a machine with much else to do


class MailServer(Controller):
    """Listens on any free port; `received` gives its messages one by one."""

    def __init__(self):
        self.received = queue.Queue()
        super().__init__(self, hostname="127.0.0.1", port=0, server_hostname="localhost")

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.received.put(envelope)
        return "250 OK"

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture(scope="module")
def mail_server():
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def worker(database_of_several, mail_server, private_media, tmp_path):
    """Return a context manager: a worker that runs in it, and is dead at its end.

    All of its processes are: one that still hands out a task takes it along for minutes.
    """
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
        "MEDIA_ROOT": str(private_media),
    }

    @contextmanager
    def run():
        # Each of its processes inherits the writing end, which closes with the last of them.
        ended, alive = os.pipe()
        process = subprocess.Popen(
            [sys.executable, "manage.py", "worker"],
            cwd=ROOT,
            env=environment,
            start_new_session=True,
            pass_fds=[alive],
        )
        os.close(alive)
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            assert select.select([ended], [], [], PATIENCE)[0], "its processes outlive the worker"
            os.close(ended)

    return run


def database_url():
    """Where another process finds the database of the test."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def send_convention():
    convention = ConventionFactory()
    town_hall = UserFactory(collectivities=[convention.collectivity])
    convention.send(by=None)
    return convention, town_hall


def idle_processes(pid):
    """Those of the worker `pid` that wait for a task, once it has started all its own (Linux).

    It starts a sentinel, which starts them, then one that hands the tasks out and one that
    notes what became of them.
    """
    for child in children(pid):
        if len(found := children(child)) == settings.Q_CLUSTER["workers"] + 2:
            return found[:-2]
    return []


def children(pid):
    """The processes that `pid` started and that still run, the oldest first (Linux)."""
    try:
        return [int(pid) for pid in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not (met := condition()):
        assert time.monotonic() < deadline, "the worker did not do it in time"
        time.sleep(0.05)
    return met


def test_a_convention_sent_reaches_the_town_hall_and_the_worker_stops_when_asked(
    worker, mail_server
):
    convention, town_hall = send_convention()
    with worker() as process:
        message = mail_server.received.get(timeout=PATIENCE)
        assert message.rcpt_tos == [town_hall.email]
        assert b"/conventions/lien/" in message.content
        email = convention.notifications.get().email
        wait_until(lambda: email.refresh_from_db() or email.state == Email.State.SENT)
        # As a service manager does it, and Ctrl-C: to all its processes at once.
        os.killpg(process.pid, signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


@pytest.mark.one_database
@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
def test_who_asks_a_worker_to_stop_while_it_writes_does_not_make_it_wait_for_those_it_holds_up(
    monkeypatch,
):
    def never_ends():
        raise AssertionError("waited for, in the middle of a write")

    monkeypatch.setattr(signal, "signal", lambda *args: None)
    worker = command.Worker()
    worker.sentinel = SimpleNamespace(is_alive=lambda: True, join=never_ends)
    worker.stop_event = multiprocessing.Event()
    worker.sig_handler(signal.SIGINT, None)
    assert worker.stop_event.is_set()


def test_a_worker_that_loses_the_processes_that_wait_for_a_task_begins_afresh_and_stops(
    worker, mail_server
):
    with worker() as process:
        idle = wait_until(lambda: idle_processes(process.pid))
        for pid in idle:
            os.kill(pid, signal.SIGKILL)
        # What the dying one takes meanwhile is taken again minutes later (Q_CLUSTER's `retry`).
        wait_until(lambda: set(idle_processes(process.pid)) - set(idle))
        _, town_hall = send_convention()
        assert mail_server.received.get(timeout=PATIENCE).rcpt_tos == [town_hall.email]
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_a_killed_worker_leaves_its_job_to_the_next_which_issues_no_document_twice(worker):
    # Many enough that a fast machine cannot end between the first and the kill.
    conventions = [ConventionFactory() for _ in range(24)]
    for convention in conventions:
        convention.send(by=None)
        convention.accept(by=None)
    keys = [convention.pk for convention in conventions]
    job = jobs.start("issue", keys, by=UserFactory(role=Role.RECTORAT))
    done = job.items.filter(state=JobItem.State.DONE)
    with worker():
        wait_until(done.exists)
    before = done.count()
    assert before < len(conventions)
    assert OrmQ.objects.filter(lock__gt=timezone.now()).exists()
    a_minute_passes(job)
    with worker():
        wait_until(lambda: job.refresh_from_db() or job.state == Job.State.FINISHED)
    assert done.count() == len(conventions)
    kinds = [[piece.kind for piece in convention.pieces.all()] for convention in conventions]
    assert kinds == [[Piece.Kind.CONVENTION]] * len(conventions)


def a_minute_passes(job):
    """Let what a dead worker held be taken again, without waiting for it.

    The queue keeps its tasks for minutes: the next worker gives them back.
    """
    a_minute_ago = timezone.now() - datetime.timedelta(minutes=1)
    job.items.filter(state=JobItem.State.TAKEN).update(taken_at=a_minute_ago)
    Worker.objects.update(beat_at=a_minute_ago)
