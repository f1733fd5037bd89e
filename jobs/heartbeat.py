"""Whether a worker runs: each says so every few seconds, and takes up what a dead one left."""

import datetime
import os
import socket
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, QuerySet, Value
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from jobs import running
from jobs.models import Job, Worker
from outbox.models import Email

# Seconds between two signs of life.
BEAT = 10
# Three beats missed: it is dead.
_DEAD_AFTER = datetime.timedelta(seconds=3 * BEAT)
# As long may something wait without a worker before people are told.
SILENCE = datetime.timedelta(minutes=2)
_FORGOTTEN_AFTER = datetime.timedelta(days=7)


@dataclass(frozen=True)
class Silence:
    """What waits while no worker runs; `since` is the last sign of life, None when unknown.

    `tasks` are what the queue holds for workers: of those jobs, those e-mails, and of the rest (a
    pile of scans to read), which alone has nothing else that tells of it.
    """

    since: datetime.datetime | None
    jobs: int
    emails: int
    tasks: int


def begin(started_at: datetime.datetime) -> Worker:
    """Write that this process is a worker, since before it took its first task."""
    Worker.objects.filter(beat_at__lt=timezone.now() - _FORGOTTEN_AFTER).delete()
    return Worker.objects.create(
        name=f"{socket.gethostname()}:{os.getpid()}", started_at=started_at
    )


def beat(worker: Worker) -> None:
    """Say that `worker` lives, and have done what the dead have left."""
    now = timezone.now()
    if not Worker.objects.filter(pk=worker.pk).update(beat_at=now):
        worker.save(force_insert=True)  # Forgotten while its machine slept.
    _release_tasks(worker, now)
    running.take_up()
    if Email.objects.due().exists() and not OrmQ.objects.filter(lock__lte=now).exists():
        async_task("outbox.tasks.deliver")


def end(worker: Worker) -> None:
    """Forget `worker`, which stops."""
    worker.delete()


def _release_tasks(worker: Worker, now: datetime.datetime) -> None:
    """Give back the tasks held since before the only living worker began: their holder is dead.

    The queue itself would keep them for minutes (Q_CLUSTER's `retry`).
    """
    others = Worker.objects.beating_since(now - _DEAD_AFTER).exclude(pk=worker.pk)
    if others.exists():
        return
    held_for = datetime.timedelta(seconds=settings.Q_CLUSTER["retry"])
    OrmQ.objects.filter(lock__gt=now, lock__lt=worker.started_at + held_for).update(lock=now)


def silence() -> Silence | None:
    """Return what has waited for two minutes without any worker; None when all is well.

    In one query, whatever the answer: every page of agents asks.
    """
    limit = timezone.now() - SILENCE
    jobs = Job.objects.filter(state__in=(Job.State.QUEUED, Job.State.RUNNING), created_at__lt=limit)
    emails = Email.objects.due().filter(created_at__lt=limit)
    tasks = OrmQ.objects.filter(lock__lt=limit)  # Since when each may be taken.
    # The workers first: their row gives the columns of the union their types.
    rows = _summed("workers", Worker.objects.all(), Max("beat_at")).union(
        _summed("jobs", jobs, Max("created_at")),
        _summed("emails", emails, Max("created_at")),
        _summed("tasks", tasks, Max("lock")),
        all=True,
    )
    found = {what: (count, last) for what, count, last in rows}
    _, beat_at = found.pop("workers", (0, None))
    waiting = {name: found.get(name, (0, None))[0] for name in ("jobs", "emails", "tasks")}
    if not any(waiting.values()) or (beat_at and beat_at >= limit):
        return None
    return Silence(beat_at, **waiting)


def _summed(what: str, rows: QuerySet[Any], last: Max) -> QuerySet[Any, Any]:
    """Return (what, how many, the last moment): no row where there is nothing."""
    return rows.order_by().values_list(Value(what)).annotate(Count("pk"), last)
