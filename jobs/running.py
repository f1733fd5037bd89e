"""Long actions on many rows, done in the background piece by piece.

A job may be killed at any moment and done again: its rows are claimed for a while, what a
dead worker held is claimed again, and what became of them is noted with what was done.
"""

import datetime
import logging
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files import File
from django.db import transaction
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from accounts.models import User
from jobs.actions import Gather, Outcome
from jobs.models import Job, JobItem
from lifecycle.errors import StaleFile

logger = logging.getLogger(__name__)

# A claim holds this long: with the beats of `jobs.heartbeat`, what a dead worker held is taken
# up within a minute. Whoever is only slow finds that it has lost its claim, and writes nothing.
STALE_AFTER = datetime.timedelta(seconds=40)
# Tasks that do a job side by side: as many are used as there are worker processes, on all hosts.
LANES = 8
# Seconds after which the rest goes to a task of its own: so long may a worker take to stop,
# and e-mails wait for each lane.
BUDGET = 20
# Times that a file is read and done again because somebody wrote to it meanwhile.
_ATTEMPTS = 3
_FAILED = "L'action a échoué : recommencez, puis prévenez l'administrateur."
_OUTSIDE = "N'est plus de ceux que suit le compte qui l'a demandé."
_CANCELLED = "Le traitement a été arrêté avant son tour."
_CUT_SHORT = "Interrompu avec le traitement, qui a été arrêté : reprenez-le s'il le faut."
_NO_FILE = "Le fichier n'a pas pu être fait : recommencez, puis prévenez l'administrateur."
_UNDER_WAY = (JobItem.State.WAITING, JobItem.State.TAKEN)
_UNFINISHED = (Job.State.QUEUED, Job.State.RUNNING)


class ClaimLost(Exception):
    """Another worker has taken these rows meanwhile: nothing is written here."""


# --- Asked for, stopped, asked for again --------------------------------------
def start(
    name: str,
    keys: Iterable[int],
    *,
    by: User,
    facts: Mapping[str, Any] | None = None,
    selection: str = "",
    back: str = "",
    names: Mapping[int, str] | None = None,
) -> Job:
    """Ask for an action on every row of these keys; a worker begins after commit.

    `facts` is what was typed for it, `selection` says in words how the rows were chosen,
    `back` is the address of the list where they were, `names` names rows of no table.
    """
    keys = sorted(keys)
    with transaction.atomic():
        job = Job.objects.create(
            action=name, by=by, facts=dict(facts or {}), selection=selection[:500], back=back
        )
        names = job.asked.names(keys) if names is None else names
        JobItem.objects.bulk_create(
            [JobItem(job=job, key=key, name=names.get(key, "")[:300]) for key in keys],
            batch_size=500,
        )
        _ask_workers(job, len(keys))
    return job


def retry(job: Job, *, by: User) -> int:
    """Do again what `job`, once over, left out, in the name of `by`; return how many rows."""
    with transaction.atomic():
        over = _held_once_over(job)
        if over is None:
            return 0
        left_out = job.items.filter(state=JobItem.State.LEFT_OUT)
        count = left_out.update(state=JobItem.State.WAITING, reason="", done_at=None)
        if count:
            _begin_again(over, count, by)
    return count


def gather_again(job: Job, *, by: User) -> bool:
    """Make again the file that could not be made, of all that was done; False if none is missing."""
    with transaction.atomic():
        over = _held_once_over(job)
        if over is None or not lacks_file(over):
            return False
        _begin_again(over, 1, by)
    return True


def lacks_file(job: Job) -> bool:
    """Tell whether the file of what `job` did could not be made."""
    return job.note == _NO_FILE


def cancel(job: Job) -> bool:
    """Stop `job` before what still waits; what is under way ends. False when it was over."""
    with transaction.atomic():
        now = timezone.now()
        stopped = Job.objects.filter(pk=job.pk, state__in=_UNFINISHED).update(
            state=Job.State.CANCELLED, finished_at=now
        )
        if stopped:
            job.items.filter(state=JobItem.State.WAITING).update(
                state=JobItem.State.LEFT_OUT, reason=_CANCELLED, done_at=now
            )
    return bool(stopped)


def take_up() -> None:
    """Have what no worker does any more done by another: who did it has died.

    What it held of a job that was stopped meanwhile is done no more, and says so. Nothing is
    asked for while tasks wait: workers are busy, and will come to them.
    """
    fresh = timezone.now() - STALE_AFTER
    JobItem.objects.filter(
        job__state=Job.State.CANCELLED, state=JobItem.State.TAKEN, taken_at__lt=fresh
    ).update(state=JobItem.State.LEFT_OUT, reason=_CUT_SHORT, done_at=timezone.now())
    if OrmQ.objects.filter(lock__lte=timezone.now()).exists():
        return
    held = JobItem.objects.filter(state=JobItem.State.TAKEN, taken_at__gte=fresh)
    left = Job.objects.filter(state__in=_UNFINISHED).exclude(gathering_at__gte=fresh)
    for job in left.exclude(pk__in=held.values("job")):
        async_task("jobs.tasks.run_job", job.pk)


def _held_once_over(job: Job) -> Job | None:
    """Hold `job` as it is now, so that two people do not begin it again; None while it runs."""
    rows = Job.objects.select_for_update(no_key=True)
    return rows.filter(pk=job.pk, state__in=(Job.State.FINISHED, Job.State.CANCELLED)).first()


def _begin_again(job: Job, items: int, by: User) -> None:
    """Have workers do `items` rows; the file of before, which lacks them, goes."""
    if job.file:
        transaction.on_commit(lambda: job.file.delete(save=False))
    Job.objects.filter(pk=job.pk).update(
        state=Job.State.QUEUED, again_by=by, finished_at=None, gathering_at=None, file="", note=""
    )
    _ask_workers(job, items)


def _ask_workers(job: Job, items: int) -> None:
    lanes = -(-items // job.asked.at_once)
    for _ in range(min(LANES, lanes)):
        transaction.on_commit(lambda: async_task("jobs.tasks.run_job", job.pk))


# --- Done ---------------------------------------------------------------------
def work(job: Job, budget: float = BUDGET) -> bool:
    """Do the items of `job`, some at once, for `budget` seconds; tell whether some are left.

    The last worker to find nothing left makes its file, if any, and closes the job.
    """
    started = time.monotonic()
    Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).update(state=Job.State.RUNNING)
    if not Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).exists():
        return False  # Stopped, or over: what a dead worker held of it is not done any more.
    while items := claim(job, job.asked.at_once):
        _do(items, job)
        if time.monotonic() - started > budget:
            return True
    if not job.items.filter(state__in=_UNDER_WAY).exists():
        _close(job)
    return False


def claim(job: Job, count: int = 1) -> list[JobItem]:
    """Take the next items that wait, or that a dead worker held; as many as `count`."""
    now = timezone.now()
    free = Q(state=JobItem.State.WAITING)
    free |= Q(state=JobItem.State.TAKEN, taken_at__lt=now - STALE_AFTER)
    with transaction.atomic():
        items = list(job.items.select_for_update(skip_locked=True).filter(free)[:count])
        for item in items:
            item.state, item.taken_at = JobItem.State.TAKEN, now
        JobItem.objects.filter(pk__in=[item.pk for item in items]).update(
            state=JobItem.State.TAKEN, taken_at=now
        )
    return items


def _do(items: Sequence[JobItem], job: Job, attempts: int = _ATTEMPTS) -> None:
    """Do some items at once; whatever one raises must not stop the others.

    A file to which somebody wrote meanwhile is read and done again.
    """
    try:
        _do_together(items, job)
    except ClaimLost:
        logger.warning("Job %s: %s items were taken up by another worker", job.pk, len(items))
    except Exception as error:
        if len(items) > 1:
            for item in items:
                _do([item], job)
            return
        if isinstance(error, StaleFile) and attempts > 1:
            _do(items, job, attempts - 1)
        elif isinstance(error, ValidationError):
            _note(items, {items[0].key: Outcome(left_out=" ".join(error.messages))})
        else:
            logger.exception("Job %s failed on %s", job.pk, items[0].key)
            _note(items, {items[0].key: Outcome(left_out=_FAILED)})


def _do_together(items: Sequence[JobItem], job: Job) -> None:
    """Act on the rows that are theirs who asked, by the rights of today."""
    asked, keys = job.asked, [item.key for item in items]
    theirs = asked.theirs(keys, job.acting)
    outside = {key: Outcome(left_out=_OUTSIDE) for key in keys if key not in theirs}
    keys = [key for key in keys if key in theirs]
    if asked.prepare:
        asked.prepare(keys, job.acting)
    with transaction.atomic() if asked.is_atomic else nullcontext():
        outcomes = asked.do(keys, by=job.acting, facts=job.facts) if keys else {}
        _note(items, {**outside, **outcomes})


def _note(items: Sequence[JobItem], outcomes: Mapping[int, Outcome]) -> None:
    """Write what became of each; raises ClaimLost when they are held by another by now."""
    alike: dict[Outcome, list[int]] = defaultdict(list)
    for item in items:
        alike[outcomes[item.key]].append(item.pk)
    with transaction.atomic():
        written = 0
        for outcome, pks in alike.items():
            ours = JobItem.objects.filter(
                pk__in=pks, state=JobItem.State.TAKEN, taken_at=items[0].taken_at
            )
            written += ours.update(
                state=JobItem.State.LEFT_OUT if outcome.left_out else JobItem.State.DONE,
                reason=outcome.left_out or outcome.remark,
                done_at=timezone.now(),
            )
        if written != len(items):
            raise ClaimLost


def _close(job: Job) -> None:
    note = ""
    gather = job.asked.gather
    if gather and job.items.filter(state=JobItem.State.DONE).exists():
        if not _hold_gathering(job):
            return
        note = _gather(job, gather)
    Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(
        state=Job.State.FINISHED, finished_at=timezone.now(), gathering_at=None, note=note
    )


def _hold_gathering(job: Job) -> bool:
    """Take the making of the file, unless a living worker is at it."""
    now = timezone.now()
    free = Q(gathering_at__isnull=True) | Q(gathering_at__lt=now - STALE_AFTER)
    running = Job.objects.filter(free, pk=job.pk, state=Job.State.RUNNING)
    return bool(running.update(gathering_at=now))


def _gather(job: Job, gather: Gather) -> str:
    """Make the file of what was done; return what to know of it."""
    done = job.items.filter(state=JobItem.State.DONE)
    keys = list(done.values_list("key", flat=True))

    def pulse() -> None:
        Job.objects.filter(pk=job.pk).update(gathering_at=timezone.now())

    try:
        with tempfile.TemporaryFile() as target:
            note = gather(keys, target, pulse=_now_and_then(pulse))
            target.seek(0)
            name = f"{timezone.localdate():%Y-%m-%d}_{job.asked.file_name}"
            job.file.save(name, File(target), save=False)
    except Exception:
        logger.exception("Job %s: no file", job.pk)
        return _NO_FILE
    Job.objects.filter(pk=job.pk).update(file=job.file.name)
    return note


def _now_and_then(pulse: Callable[[], None], every: float = 5) -> Callable[[], None]:
    """Return `pulse`, called at most once in `every` seconds."""
    last = time.monotonic()

    def perhaps() -> None:
        nonlocal last
        if time.monotonic() - last > every:
            last = time.monotonic()
            pulse()

    return perhaps


# --- How it went ---------------------------------------------------------------
def failed() -> QuerySet[Job]:
    """Return the jobs of which something failed, for no reason that an agent is told.

    Until it is done again: what is left out then says why.
    """
    broken = JobItem.objects.filter(
        job=OuterRef("pk"), state=JobItem.State.LEFT_OUT, reason=_FAILED
    )
    return Job.objects.filter(Exists(broken) | Q(note=_NO_FILE)).order_by()


# --- How far it is ------------------------------------------------------------
def progress(items: QuerySet[JobItem]) -> dict[str, int]:
    """Return the number of `items` in each state, and `total`."""
    counts = dict(items.order_by().values_list("state").annotate(Count("pk")))
    return {state: counts.get(state, 0) for state in JobItem.State.values} | {
        "total": sum(counts.values())
    }


def pace(job: Job) -> float | None:
    """Return the items done in a minute, over the last five minutes of work; None until known."""
    recent = job.items.filter(done_at__gte=timezone.now() - datetime.timedelta(minutes=5))
    found = recent.aggregate(first=Min("taken_at"), last=Max("done_at"), count=Count("pk"))
    if not found["count"] or found["first"] is None:
        return None
    seconds = (found["last"] - found["first"]).total_seconds()
    return 60.0 * found["count"] / max(seconds, 1)
