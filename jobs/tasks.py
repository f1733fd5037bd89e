"""What the worker does for jobs; may be killed and done again."""

from django_q.tasks import async_task

from jobs.models import Job
from jobs.running import work


def run_job(job_id: int) -> None:
    """Do a part of a long action; what is left goes to a task of its own."""
    if work(Job.objects.select_related("by").get(pk=job_id)):
        async_task("jobs.tasks.run_job", job_id)
