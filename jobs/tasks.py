"""What the worker does for jobs; may be killed and done again."""

import datetime

from django.utils import timezone
from django_q.tasks import async_task

from jobs.models import Job
from jobs.running import work

# Pieces stay in their files: an archive is made again on demand.
FILES_KEPT = datetime.timedelta(days=30)
# As the reports of imports: a year's campaign can be told; addresses do not stay for ever.
KEPT = datetime.timedelta(days=365)


def run_job(job_id: int) -> None:
    """Do a part of a long action; what is left goes to a task of its own."""
    if work(Job.objects.select_related("by", "again_by").get(pk=job_id)):
        async_task("jobs.tasks.run_job", job_id)


def forget_old() -> None:
    """Delete the files of old jobs, whose reports stay; then, of a year ago, those too."""
    over = Job.objects.filter(state__in=Job.OVER)
    for job in over.exclude(file="").filter(finished_at__lt=timezone.now() - FILES_KEPT):
        job.file.delete(save=False)
        Job.objects.filter(pk=job.pk).update(file="")
    over.filter(file="", finished_at__lt=timezone.now() - KEPT).delete()
