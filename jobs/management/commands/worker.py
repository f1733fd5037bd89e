"""The background worker: django-q2's cluster, made to survive what is killed, and to stop.

- A process killed while it waits for a task (memory that ran out, say) keeps the queue's lock
  for ever: the others do nothing more and cannot stop (django-q2's issue 23). So all end, and
  begin afresh.
- SIGTERM sent to the whole group, as service managers do, ended the sentinel before it could
  stop the others, and the main process waited for it for ever. So the main one alone obeys it.
"""

import datetime
import logging
import multiprocessing
import os
import signal
import sys
from contextlib import suppress
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections
from django.utils import timezone
from django_q import cluster

from jobs import heartbeat
from jobs.processes import end_with_parent, keep_what_is_loaded, limit_statements

logger = logging.getLogger(__name__)

# Seconds left to a process that has done its last task, for the result to be read.
_LAST_WORDS = 5
# Seconds of a statement: as long as a task.
_STATEMENT = 240
# People's pages come before the work that waits for nobody (nice(1)).
_NICE = 10


class Worker(cluster.Cluster):
    is_asked_to_stop = False

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        """Ask the others to stop once the tasks under way are done, without waiting for them."""
        self.is_asked_to_stop = True
        if self.stop_event:
            self.stop_event.set()

    def start(self) -> int:
        pid = super().start()
        if self.is_asked_to_stop:  # Before there was anything to ask.
            self.stop_event.set()
        return pid


class Sentinel(cluster.Sentinel):
    """The parent of the processes that do the tasks."""

    def start(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # Its children inherit it.
        super().start()

    def reincarnate(self, process: BaseProcess) -> None:
        """Replace a process that ended by itself; end them all if it was killed, or is stuck."""
        process.join(timeout=_LAST_WORDS)
        if process.exitcode != 0:
            for child in multiprocessing.active_children():
                child.kill()
            sys.exit(1)
        super().reincarnate(process)


class Command(BaseCommand):
    help = "Fait le travail de fond (courriels, relances, longs traitements) jusqu'à Ctrl-C."

    def handle(self, *, verbosity: int, **options: Any) -> None:
        os.register_at_fork(after_in_child=lambda: end_with_parent(signal.SIGKILL))
        os.setpriority(os.PRIO_PROCESS, 0, max(_NICE, os.getpriority(os.PRIO_PROCESS, 0)))
        limit_statements(_STATEMENT)
        keep_what_is_loaded()
        cluster.Sentinel = Sentinel  # What any cluster starts.
        worker, started_at = Worker(), timezone.now()
        worker.start()
        if verbosity:
            self.stdout.write("Prêt : courriels, relances, longs traitements. Ctrl-C pour arrêter.")
            self.stdout.flush()
        self._beat_until_it_ends(worker, started_at)
        if worker.sentinel.exitcode and not worker.is_asked_to_stop:
            logger.error("A process of the worker was killed: all of it begins afresh.")
            # By its own name: it may have been forked from another command.
            again = [sys.executable, sys.argv[0], "worker", "--verbosity", str(verbosity)]
            os.execv(sys.executable, again)  # noqa: S606

    def _beat_until_it_ends(self, worker: Worker, started_at: datetime.datetime) -> None:
        """Say that the worker lives as long as its parent of processes does."""
        alive = None
        while worker.sentinel.is_alive():
            close_old_connections()
            try:
                alive = alive or heartbeat.begin(started_at)
                heartbeat.beat(alive)
            except DatabaseError as error:  # Told by its silence; the tasks try again as well.
                logger.warning("No sign of life given: %s", error)
            worker.sentinel.join(heartbeat.BEAT)
        if alive:
            with suppress(DatabaseError):
                heartbeat.end(alive)
