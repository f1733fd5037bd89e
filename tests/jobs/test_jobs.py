"""Long actions: done once each, by any number of workers, killed or not."""

import datetime

import pytest
from django.contrib.admin import helpers
from django.urls import reverse
from django.utils import timezone

from conventions.models import Convention, Piece, issue_documents
from documents.rendering import Rendered
from jobs import running as jobs
from jobs import tasks
from jobs.models import Job, JobItem
from lifecycle.errors import TransitionRefused
from tests.factories import ConventionFactory, DepartmentFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_worker(monkeypatch):
    """Nothing runs by itself: what is asked of the worker is kept in the list returned."""
    asked = []
    monkeypatch.setattr("jobs.running.async_task", lambda *task: asked.append(task))
    monkeypatch.setattr("jobs.tasks.async_task", lambda *task: asked.append(task))
    return asked


@pytest.fixture(autouse=True)
def quick_rendering(monkeypatch):
    monkeypatch.setattr(
        "conventions.models.dossier.render",
        lambda text, context: Rendered(content=b"%PDF " + context.reference.encode(), pages=1),
    )


def accepted():
    convention = ConventionFactory()
    convention.send(by=None)
    convention.accept(by=None)
    return convention


def start(by):
    return jobs.start("issue", Convention.objects.values_list("pk", flat=True), by=by)


def test_each_convention_gets_its_documents_or_the_reason_why_not(rectorat):
    done, left = accepted(), ConventionFactory()
    job = start(rectorat)
    tasks.run_job(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.FINISHED
    assert done.pieces.get().kind == Piece.Kind.CONVENTION
    assert done.pieces.get().added_by == rectorat
    item = job.items.get(convention=left)
    assert (item.state, "Rien à produire" in item.reason) == (JobItem.State.LEFT_OUT, True)


def test_a_worker_begins_once_the_job_is_written(
    rectorat, no_worker, django_capture_on_commit_callbacks
):
    ConventionFactory()
    with django_capture_on_commit_callbacks(execute=True):
        job = start(rectorat)
        assert no_worker == []
    assert no_worker == [("jobs.tasks.run_job", job.pk)]


def test_a_long_job_is_shared_among_the_workers_there_are(
    rectorat, no_worker, django_capture_on_commit_callbacks
):
    ConventionFactory.create_batch(3)
    with django_capture_on_commit_callbacks(execute=True):
        job = start(rectorat)
    assert no_worker == [("jobs.tasks.run_job", job.pk)] * 3


def test_what_was_left_out_is_done_again_when_asked(
    rectorat, no_worker, django_capture_on_commit_callbacks
):
    convention = ConventionFactory()
    job = start(rectorat)
    tasks.run_job(job.pk)
    convention.send(by=None)
    convention.accept(by=None)
    no_worker.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.retry(job) == 1
    tasks.run_job(*no_worker.pop()[1:])
    job.refresh_from_db()
    assert job.state == Job.State.FINISHED
    assert jobs.progress(job)["left_out"] == 0
    assert convention.pieces.count() == 1


def test_a_job_done_twice_issues_nothing_twice(rectorat):
    convention = accepted()
    job = start(rectorat)
    tasks.run_job(job.pk)
    tasks.run_job(job.pk)
    tasks.run_job(start(rectorat).pk)
    assert convention.pieces.count() == 1


def test_an_item_is_claimed_by_one_worker_only(rectorat):
    accepted()
    job = start(rectorat)
    assert jobs.claim(job)
    assert jobs.claim(job) is None


def test_what_a_dead_worker_held_is_claimed_again_after_a_while(rectorat):
    accepted()
    job = start(rectorat)
    item = jobs.claim(job)
    jobs.work(job)
    job.refresh_from_db()
    assert job.state == Job.State.RUNNING
    long_ago = timezone.now() - jobs.STALE_AFTER - datetime.timedelta(seconds=1)
    JobItem.objects.update(taken_at=long_ago)
    assert jobs.claim(job) == item


def test_past_its_budget_a_task_leaves_the_rest_to_another(rectorat, no_worker, monkeypatch):
    accepted(), accepted()
    job = start(rectorat)
    monkeypatch.setattr("jobs.running.BUDGET", -1)
    assert jobs.work(job, budget=-1)
    assert jobs.progress(job)["waiting"] == 1
    assert jobs.work(job) is False


@pytest.mark.parametrize("error", [TransitionRefused("Refusé."), OSError("disque plein")])
def test_one_failure_does_not_stop_the_others(rectorat, monkeypatch, error):
    broken, fine = accepted(), accepted()

    def issue_or_fail(part, *, by):
        if part == broken:
            raise error
        return issue_documents(part, by=by)

    monkeypatch.setattr("conventions.dossiers.long_actions.issue_documents", issue_or_fail)
    job = start(rectorat)
    tasks.run_job(job.pk)
    assert job.items.get(convention=broken).state == JobItem.State.LEFT_OUT
    assert fine.pieces.count() == 1


# --- The pages --------------------------------------------------------------
LIST = reverse("admin:conventions_convention_changelist")
START = reverse("admin:jobs_job_start")


def test_the_selection_is_announced_then_started_then_followed(client, rectorat):
    accepted(), ConventionFactory()
    client.force_login(rectorat)
    keys = list(Convention.objects.values_list("pk", flat=True))
    asked = client.post(
        LIST,
        {
            "action": "ask_to_issue",
            helpers.ACTION_CHECKBOX_NAME: keys[:1],
            "select_across": "1",
        },
    )
    assert asked.context["count"] == 2
    assert not Job.objects.exists()
    page = client.post(START, {"conventions": asked.context["keys"]}, follow=True)
    job = Job.objects.get()
    assert "hx-get" in page.content.decode()
    tasks.run_job(job.pk)
    finished = client.get(reverse("admin:jobs_job_change", args=[job.pk])).content.decode()
    assert "hx-get" not in finished
    assert "Rien à produire" in finished


def test_the_job_keeps_to_the_departements_of_the_agent(client, convention):
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    client.force_login(UserFactory(role="rectorat", departments=[gard]))
    client.post(START, {"conventions": str(convention.pk)})
    assert not Job.objects.exists()


def test_an_agent_of_some_departements_follows_their_own_jobs_only(client, rectorat, convention):
    job = start(rectorat)
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    client.force_login(UserFactory(role="rectorat", departments=[gard]))
    response = client.get(reverse("admin:jobs_job_change", args=[job.pk]))
    assert response.status_code == 302


def test_the_documents_of_a_whole_campaign_are_asked_for_from_its_page(client, rectorat):
    convention = accepted()
    ConventionFactory(campaign=convention.campaign)
    client.force_login(rectorat)
    asked = client.get(reverse("admin:campaigns_campaign_print", args=[convention.campaign.pk]))
    assert asked.context["keys"] == str(convention.pk)


def test_an_agent_has_what_was_left_out_done_again(client, rectorat):
    ConventionFactory()
    job = start(rectorat)
    tasks.run_job(job.pk)
    client.force_login(rectorat)
    retry = reverse("admin:jobs_job_retry", args=[job.pk])
    page = reverse("admin:jobs_job_change", args=[job.pk])
    assert retry in client.get(page).content.decode()
    assert client.get(retry).status_code == 405
    assert "Conventions reprises : 1." in client.post(retry, follow=True).content.decode()
    assert "rien laissé de côté" in client.post(retry, follow=True).content.decode()
