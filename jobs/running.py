"""Long actions on many files, done in the background piece by piece.

A job may be killed at any moment and done again: each file is claimed by one
update, what a dead worker held is claimed again, and doing one twice changes nothing.
"""

import datetime
import logging
import time
from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django_q.tasks import async_task

from accounts.models import User
from jobs.actions import action
from jobs.models import Job, JobItem

logger = logging.getLogger(__name__)

# No task lives as long: the worker that held the item is dead.
STALE_AFTER = datetime.timedelta(seconds=settings.Q_CLUSTER["timeout"])
# Tasks that do a job side by side: as many are used as there are worker processes, on all hosts.
LANES = 8
# Seconds after which the rest goes to a task of its own: so long may a worker take to stop,
# and e-mails wait for each lane.
BUDGET = 20
_FAILED = "L'action a échoué : recommencez, puis prévenez l'administrateur."


def start(name: str, keys: Iterable[int], *, by: User) -> Job:
    """Ask for an action on every file of these keys; a worker begins after commit."""
    keys = sorted(keys)
    with transaction.atomic():
        job = Job.objects.create(action=name, by=by)
        JobItem.objects.bulk_create(
            [JobItem(job=job, convention_id=key) for key in keys], batch_size=500
        )
        _ask_workers(job, len(keys))
    return job


def retry(job: Job) -> int:
    """Do again what `job` left out; return how many files that is."""
    with transaction.atomic():
        left_out = job.items.filter(state=JobItem.State.LEFT_OUT)
        count = left_out.update(state=JobItem.State.WAITING, reason="")
        if count:
            Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED, finished_at=None)
            _ask_workers(job, count)
    return count


def _ask_workers(job: Job, items: int) -> None:
    for _ in range(min(LANES, items)):
        transaction.on_commit(lambda: async_task("jobs.tasks.run_job", job.pk))


def work(job: Job, budget: float = BUDGET) -> bool:
    """Do the items of `job` one by one for `budget` seconds; tell whether some are left.

    The last worker to find nothing left closes the job.
    """
    started = time.monotonic()
    Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).update(state=Job.State.RUNNING)
    while item := claim(job):
        _do(item, job)
        if time.monotonic() - started > budget:
            return True
    unfinished = job.items.filter(state__in=(JobItem.State.WAITING, JobItem.State.TAKEN))
    if not unfinished.exists():
        Job.objects.filter(pk=job.pk).exclude(state=Job.State.FINISHED).update(
            state=Job.State.FINISHED, finished_at=timezone.now()
        )
    return False


def claim(job: Job) -> JobItem | None:
    """Take the next item that waits, or that a dead worker held; None when there is none."""
    stale = timezone.now() - STALE_AFTER
    free = Q(state=JobItem.State.WAITING) | Q(state=JobItem.State.TAKEN, taken_at__lt=stale)
    while item := job.items.filter(free).first():
        taken = JobItem.objects.filter(free, pk=item.pk).update(
            state=JobItem.State.TAKEN, taken_at=timezone.now()
        )
        if taken:
            return item
    return None


def _do(item: JobItem, job: Job) -> None:
    """Do one item; whatever it raises must not stop the others."""
    try:
        reason = action(job.action).do(item.convention_id, by=job.by)
    except ValidationError as refusal:
        reason = " ".join(refusal.messages)
    except Exception:
        logger.exception("Job %s failed on convention %s", job.pk, item.convention_id)
        reason = _FAILED
    state = JobItem.State.LEFT_OUT if reason else JobItem.State.DONE
    JobItem.objects.filter(pk=item.pk).update(state=state, reason=reason)


def progress(job: Job) -> dict[str, int]:
    """Return the number of items in each state, and `total`."""
    counts = dict(job.items.order_by().values_list("state").annotate(Count("pk")))
    return {state: counts.get(state, 0) for state in JobItem.State.values} | {
        "total": sum(counts.values())
    }
