"""The background worker: django-q2's cluster, made to survive what is killed, and to stop.

- A process killed while it waits for a task (memory that ran out, say) keeps the queue's lock
  for ever: the others do nothing more and cannot stop (django-q2's issue 23). So all end, and
  begin afresh.
- SIGTERM sent to the whole group, as service managers do, ended the sentinel before it could
  stop the others, and the main process waited for it for ever. So the main one alone obeys it.
"""

import ctypes
import logging
import multiprocessing
import os
import signal
import sys
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django_q import cluster

logger = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
# Seconds left to a process that has done its last task, for the result to be read.
_LAST_WORDS = 5


class Worker(cluster.Cluster):
    is_asked_to_stop = False

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        """Stop once the tasks under way are done; asking again changes nothing."""
        if not self.is_asked_to_stop:
            self.is_asked_to_stop = True
            super().sig_handler(signum, frame)


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

    def handle(self, **options: Any) -> None:
        if sys.platform == "linux":
            os.register_at_fork(after_in_child=_end_with_parent)
        cluster.Sentinel = Sentinel  # What any cluster starts.
        worker = Worker()
        worker.start()
        worker.sentinel.join()
        if worker.sentinel.exitcode and not worker.is_asked_to_stop:
            logger.error("A process of the worker was killed: all of it begins afresh.")
            os.execv(sys.executable, sys.orig_argv)  # noqa: S606


def _end_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, however it does (prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
