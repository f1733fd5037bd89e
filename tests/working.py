"""Jobs done by the test itself, as a worker would."""

import pytest

from jobs.models import Job
from jobs.tasks import run_job


@pytest.fixture
def worked(monkeypatch):
    """Function that does the jobs asked for so far, and returns the newest."""
    monkeypatch.setattr("jobs.running.async_task", lambda *task: None)

    def work():
        for job in Job.objects.exclude(state__in=(Job.State.FINISHED, Job.State.CANCELLED)):
            run_job(job.pk)
        return Job.objects.first()

    return work
