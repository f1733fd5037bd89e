"""Processes side by side that end together."""

import gc
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess

from django.db import connections

from jobs.processes import end_with_parent

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Seconds left to what is under way; a worker's task is shorter than Q_CLUSTER's `timeout`.
_PATIENCE = 300
# Seconds.
_LOOK_EVERY = 0.5
# All that was loaded is there at once, and shared.
_fork = multiprocessing.get_context("fork")


@contextmanager
def ending_together() -> Iterator[Callable[[Callable[[], object]], BaseProcess]]:
    """Give the function that starts another one in a process of its own.

    At the end of the block the processes are asked to stop, and waited for; interrupted while
    it waits, it kills them. They end too when this process is killed.
    """
    processes: list[BaseProcess] = []

    def start(run: Callable[[], object]) -> BaseProcess:
        connections.close_all()
        # What is loaded stays shared between them: the collector would write on its pages.
        gc.collect()
        gc.freeze()
        process = _fork.Process(target=_run_apart, args=(run,))
        process.start()
        processes.append(process)
        return process

    try:
        yield start
    finally:
        try:
            for process in processes:
                process.terminate()
            for process in processes:
                process.join(_PATIENCE)
        finally:
            for process in processes:
                process.kill()


def interrupt_when_asked_to_stop() -> None:
    """Have every way of stopping this process, its terminal's closing included, raise
    KeyboardInterrupt; what `nohup` ignores stays ignored."""
    for name in STOP_SIGNALS:
        if signal.getsignal(name) != signal.SIG_IGN:
            signal.signal(name, signal.default_int_handler)


def wait_for_one(processes: list[BaseProcess]) -> None:
    """Return when the first of them ends.

    One that becomes another program, as a worker that begins afresh does, has not: its `sentinel`
    says that it has.
    """
    while all(process.is_alive() for process in processes):
        time.sleep(_LOOK_EVERY)


def _run_apart(run: Callable[[], object]) -> None:
    # Ctrl-C reaches a terminal's whole group: the parent alone obeys, and stops its children.
    os.setpgid(0, 0)
    end_with_parent(signal.SIGTERM)
    for name in STOP_SIGNALS:
        signal.signal(name, signal.SIG_DFL)
    run()
