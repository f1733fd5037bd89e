"""Figures for Prometheus: requests, as each process counts them; what waits, as the database says.

Loaded only where PROMETHEUS_MULTIPROC_DIR names a folder to count in; `manage.py metrics` shows
them, at an address that is not the site's.
"""

import fcntl
import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from threading import Thread

from django.db import DatabaseError, connection
from django.db.models import Max
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django_q.models import OrmQ
from prometheus_client import CollectorRegistry, Histogram, Metric, start_http_server, values
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from jobs.models import Job, Worker
from operations.logs import route_of
from outbox.models import Delivery, Email

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


@cache
def _place_of(pid: int) -> int:
    """Return the number under which a process counts: the first that no living one has.

    By its `pid`, each process that gunicorn begins anew would leave a file for ever.
    """
    for number in itertools.count():
        place = os.open(Path(os.environ[FOLDER], f"{number}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)  # Let go as the process ends.
        except BlockingIOError:
            os.close(place)
        else:
            return number
    raise AssertionError  # There is always another number.


if FOLDER in os.environ:
    Path(os.environ[FOLDER]).mkdir(parents=True, exist_ok=True)
    values.ValueClass = values.MultiProcessValue(lambda: _place_of(os.getpid()))
SECONDS = Histogram(
    "conventions_request_seconds",
    "Time to answer a request, by its route and status.",
    ("method", "route", "status"),
    buckets=_BUCKETS,
)


class CountedRequests:
    """Counts each request by its route: no address, no person."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.monotonic()
        response = self.get_response(request)
        # Strangers may make methods up.
        method = request.method if request.method in ("GET", "HEAD", "POST") else "other"
        SECONDS.labels(method, route_of(request), response.status_code).observe(
            time.monotonic() - began
        )
        return response


class WhatWaits(Collector):
    """What waits in the database, and whether a worker lives, each time it is asked."""

    def collect(self) -> Iterable[Metric]:
        """Return the figures; of a database that does not answer, that alone."""
        try:
            found = list(what_waits())
        except DatabaseError:
            found = []
        finally:
            connection.close()  # Each time it is asked, another thread answers.
        up = GaugeMetricFamily("conventions_database_up", "1 when the database answers.")
        up.add_metric([], 1 if found else 0)
        return [up, *found]


def serve(host: str, port: int) -> Thread:
    """Show all figures there, those of every process that counts included. Raises OSError."""
    found = CollectorRegistry()
    found.register(WhatWaits())
    MultiProcessCollector(found)
    _, thread = start_http_server(port, host, found)
    return thread


def what_waits() -> Iterator[Metric]:
    """Yield what the database says waits. Raises DatabaseError."""
    over = (Job.State.FINISHED, Job.State.CANCELLED)
    emails = Email.objects.filter(state=Delivery.QUEUED)
    for name, words, count in (
        ("jobs_waiting", "Long actions not over yet.", Job.objects.exclude(state__in=over).count()),
        ("tasks_waiting", "Tasks of the worker, those it holds included.", OrmQ.objects.count()),
        ("emails_waiting", "E-mails to be sent, those to be tried again included.", emails.count()),
    ):
        yield GaugeMetricFamily(f"conventions_{name}", words, value=count)
    if last := Worker.objects.aggregate(last=Max("beat_at"))["last"]:
        yield GaugeMetricFamily(
            "conventions_worker_heartbeat_age_seconds",
            "Since the last sign of life of any worker; absent when none has run for a week.",
            value=(timezone.now() - last).total_seconds(),
        )
