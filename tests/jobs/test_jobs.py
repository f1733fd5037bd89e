"""Long actions: done once each, by any number of workers, killed or not."""

import datetime

import pytest
from django.contrib.admin import helpers
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import AccessEntry, User
from communes.models import Department
from conventions.models import Convention, Piece, attach, issue_documents
from documents.received.uploads import UploadedPdf
from documents.rendering import Rendered
from jobs import heartbeat, tasks
from jobs import running as jobs
from jobs.models import Job, JobItem, Worker
from lifecycle.errors import StaleFile, TransitionRefused
from rectorat.lists.choosing import chips
from tests.factories import (
    CollectivityFactory,
    ConventionFactory,
    DepartmentFactory,
    SchoolFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

SCAN = UploadedPdf(content=b"%PDF-1.7", pages=1, name="scan.pdf")


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
    item = job.items.get(key=left.pk)
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
        assert jobs.retry(job, by=job.by) == 1
    tasks.run_job(*no_worker.pop()[1:])
    job.refresh_from_db()
    assert job.state == Job.State.FINISHED
    assert jobs.progress(job.items.all())["left_out"] == 0
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
    assert jobs.claim(job) == []


def test_what_a_dead_worker_held_is_claimed_again_after_a_while(rectorat):
    accepted()
    job = start(rectorat)
    items = jobs.claim(job)
    jobs.work(job)
    job.refresh_from_db()
    assert job.state == Job.State.RUNNING
    long_ago = timezone.now() - jobs.STALE_AFTER - datetime.timedelta(seconds=1)
    JobItem.objects.update(taken_at=long_ago)
    assert jobs.claim(job) == items


def test_past_its_budget_a_task_leaves_the_rest_to_another(rectorat, no_worker, monkeypatch):
    accepted(), accepted()
    job = start(rectorat)
    monkeypatch.setattr("jobs.running.BUDGET", -1)
    assert jobs.work(job, budget=-1)
    assert jobs.progress(job.items.all())["waiting"] == 1
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
    assert job.items.get(key=broken.pk).state == JobItem.State.LEFT_OUT
    assert fine.pieces.count() == 1


@pytest.mark.parametrize(("times", "state"), [(2, "done"), (3, "left_out")])
def test_a_file_written_to_meanwhile_is_read_and_done_again(rectorat, monkeypatch, times, state):
    convention, others = accepted(), iter(range(times))

    def issue_late(part, *, by):
        if next(others, None) is not None:
            raise StaleFile("Dossier modifié entre-temps.")
        return issue_documents(part, by=by)

    monkeypatch.setattr("conventions.dossiers.long_actions.issue_documents", issue_late)
    job = start(rectorat)
    tasks.run_job(job.pk)
    item = job.items.get(key=convention.pk)
    assert item.state == state
    assert item.reason == ("" if state == "done" else "Dossier modifié entre-temps.")


# --- The pages --------------------------------------------------------------
LIST = reverse("admin:conventions_convention_changelist")
ISSUE = reverse("admin:conventions_convention_verb", args=["issue"])


def test_the_selection_is_announced_then_started_then_followed(client, rectorat):
    accepted(), ConventionFactory()
    client.force_login(rectorat)
    keys = list(Convention.objects.values_list("pk", flat=True))
    asked = client.post(
        LIST,
        {
            "action": "issue",
            helpers.ACTION_CHECKBOX_NAME: keys[:1],
            "select_across": "1",
        },
    )
    assert asked.context["chosen"] == 2
    assert not Job.objects.exists()
    page = client.post(ISSUE, {"conventions": asked.context["keys"]}, follow=True)
    job = Job.objects.get()
    assert "hx-get" in page.content.decode()
    tasks.run_job(job.pk)
    finished = client.get(reverse("admin:jobs_job_change", args=[job.pk])).content.decode()
    assert "hx-get" not in finished
    assert "Rien à produire" in finished


def test_the_job_keeps_to_the_departements_of_the_agent(client, convention):
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    client.force_login(UserFactory(role="rectorat", departments=[gard]))
    client.post(ISSUE, {"conventions": str(convention.pk)})
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
    assert "Reprises : 1." in client.post(retry, follow=True).content.decode()
    assert "rien laissé de côté" in client.post(retry, follow=True).content.decode()


def test_what_a_colleague_begins_again_is_done_in_their_name(client, rectorat):
    convention = ConventionFactory()
    job = jobs.start("issue", [convention.pk], by=UserFactory(role="rectorat"))
    tasks.run_job(job.pk)
    convention.send(by=None)
    convention.accept(by=None)
    client.force_login(rectorat)
    page = client.post(reverse("admin:jobs_job_retry", args=[job.pk]), follow=True)
    assert f"Recommencé au nom de {rectorat.get_full_name()}." in page.text
    tasks.run_job(job.pk)
    assert convention.journal.order_by("pk").last().by == rectorat


# --- Stopped, taken up, told --------------------------------------------------
def test_a_job_is_stopped_before_what_waits_and_goes_on_when_asked(client, rectorat, worked):
    first, second = accepted(), accepted()
    job = start(rectorat)
    [item] = jobs.claim(job)
    client.force_login(rectorat)
    page = client.post(reverse("admin:jobs_job_cancel", args=[job.pk]), follow=True)
    assert "Le traitement est arrêté" in page.content.decode()
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    item.refresh_from_db()
    assert item.state == JobItem.State.TAKEN  # What is under way ends.
    stopped = job.items.exclude(pk=item.pk).get()
    assert "arrêté avant son tour" in stopped.reason
    assert jobs.retry(job, by=job.by) == 1
    JobItem.objects.filter(pk=item.pk).update(state=JobItem.State.WAITING)
    assert worked().state == Job.State.FINISHED
    assert first.pieces.count() == second.pieces.count() == 1


def test_what_nobody_does_any_more_is_asked_of_another_worker(rectorat, no_worker):
    accepted()
    job = start(rectorat)
    jobs.claim(job)
    jobs.take_up()
    assert no_worker == []  # Held: perhaps it is only long.
    JobItem.objects.update(taken_at=timezone.now() - jobs.STALE_AFTER)
    jobs.take_up()
    assert no_worker == [("jobs.tasks.run_job", job.pk)]


def test_nothing_is_taken_up_while_workers_have_tasks_to_come_to(rectorat, no_worker):
    accepted()
    start(rectorat)
    OrmQ.objects.create(key="conventions", payload="", lock=timezone.now())
    jobs.take_up()
    assert no_worker == []


def test_what_a_dead_worker_held_of_a_stopped_job_is_told_and_may_be_asked_for_again(rectorat):
    convention = accepted()
    job = start(rectorat)
    jobs.claim(job)
    assert jobs.cancel(job)
    jobs.take_up()
    assert job.items.get().state == JobItem.State.TAKEN  # Its worker may be alive.
    long_ago = timezone.now() - jobs.STALE_AFTER - datetime.timedelta(seconds=1)
    JobItem.objects.update(taken_at=long_ago)
    tasks.run_job(job.pk)  # A task of before it was stopped.
    assert not convention.pieces.exists()
    jobs.take_up()
    item = job.items.get()
    assert (item.state, item.reason[:10]) == (JobItem.State.LEFT_OUT, "Interrompu")
    assert jobs.retry(job, by=job.by) == 1
    tasks.run_job(job.pk)
    assert convention.pieces.count() == 1


def test_who_has_lost_its_claim_writes_nothing(rectorat, monkeypatch):
    """A worker so slow that another has taken its rows: only the other one's work stays."""
    convention = ConventionFactory()
    job = jobs.start("abandon", [convention.pk], by=rectorat, facts={"comment": "Erreur"})
    items = jobs.claim(job)
    JobItem.objects.update(taken_at=timezone.now() + datetime.timedelta(seconds=50))
    jobs._do(items, job)
    convention.refresh_from_db()
    assert convention.state == "prepared"
    assert job.items.get().state == JobItem.State.TAKEN


def test_the_tasks_of_a_dead_worker_are_given_back_by_the_only_living_one(no_worker):
    held = timezone.now() + datetime.timedelta(seconds=250)
    task = OrmQ.objects.create(key="conventions", payload="", lock=held)
    other, worker = [heartbeat.begin(timezone.now()) for _ in range(2)]
    heartbeat.beat(worker)
    task.refresh_from_db()
    assert task.lock == held  # The other may have it.
    Worker.objects.filter(pk=other.pk).update(
        beat_at=timezone.now() - datetime.timedelta(seconds=31)
    )
    heartbeat.beat(worker)
    task.refresh_from_db()
    assert task.lock <= timezone.now()


def test_a_task_taken_since_the_worker_began_is_its_own(no_worker):
    worker = heartbeat.begin(timezone.now())
    own = timezone.now() + datetime.timedelta(seconds=301)
    task = OrmQ.objects.create(key="conventions", payload="", lock=own)
    heartbeat.beat(worker)
    task.refresh_from_db()
    assert task.lock == own


def test_a_worker_takes_up_emails_that_wait(no_worker, convention, monkeypatch):
    asked = []
    monkeypatch.setattr("jobs.heartbeat.async_task", lambda *task: asked.append(task))
    UserFactory(collectivities=[convention.collectivity])
    convention.send(by=None)
    heartbeat.beat(heartbeat.begin(timezone.now()))
    assert asked == [("outbox.tasks.deliver",)]


@pytest.mark.parametrize(
    ("waited", "beat", "is_told"), [(3, None, True), (1, None, False), (3, 1, False), (9, 3, True)]
)
def test_a_job_that_waits_without_a_worker_is_told_after_two_minutes(
    client, rectorat, waited, beat, is_told
):
    def ago(minutes):
        return timezone.now() - datetime.timedelta(minutes=minutes)

    accepted()
    job = start(rectorat)
    Job.objects.update(created_at=ago(waited))
    if beat:
        Worker.objects.create(name="hôte", beat_at=ago(beat))
    client.force_login(rectorat)
    for url in (
        reverse("admin:jobs_job_change", args=[job.pk]),
        reverse("admin:jobs_job_changelist"),
        reverse("admin:index"),
        LIST,
    ):
        page = client.get(url).content.decode()
        assert ("travail de fond est arrêté" in page) == is_told


def test_the_report_is_kept_with_who_what_and_why_and_as_csv(client, rectorat, worked):
    sent, prepared = ConventionFactory(), ConventionFactory()
    sent.send(by=None)
    client.force_login(rectorat)
    url = reverse("admin:conventions_convention_verb", args=["send"])
    chosen = {"action": "send", helpers.ACTION_CHECKBOX_NAME: [sent.pk, prepared.pk]}
    asked = client.post(f"{LIST}?q=ENT-2022", chosen)
    assert [c.pk for c in asked.context["unreached"]] == [prepared.pk]
    client.post(
        url, {"conventions": asked.context["keys"], "selection": asked.context["selection"]}
    )
    job = worked()
    page = client.get(reverse("admin:jobs_job_change", args=[job.pk])).content.decode()
    assert rectorat.get_full_name() in page
    assert "recherche : ENT-2022, lignes cochées" in job.selection
    assert "La convention est envoyée" in page
    assert "personne n&#x27;est prévenu" in page
    report = client.get(reverse("admin:jobs_job_report", args=[job.pk])).getvalue().decode()
    assert f"{prepared.reference} — {prepared.collectivity_title};fait;Ni adresse" in report
    assert "laissé de côté" in report


def test_a_day_that_was_typed_is_told_as_it_is_written_here(client, rectorat, convention):
    job = jobs.start("sign_for_region", [convention.pk], by=rectorat, facts={"on": "2026-11-03"})
    client.force_login(rectorat)
    page = client.get(reverse("admin:jobs_job_change", args=[job.pk]))
    assert "Date : 03/11/2026" in page.content.decode().replace("\xa0", " ")


def test_the_states_that_a_list_of_jobs_is_narrowed_to_are_said_in_words(client, rectorat):
    accepted()
    job = start(rectorat)
    client.force_login(rectorat)
    page = client.get(reverse("admin:jobs_job_changelist"), {"state__in": "queued,running"})
    assert [chip.label for chip in chips(page.context["cl"])] == [
        "état : En attente",
        "état : En cours",
    ]
    assert list(page.context["cl"].queryset) == [job]


def test_words_of_a_selection_that_the_site_did_not_write_are_not_kept(client, rectorat, worked):
    convention = ConventionFactory()
    client.force_login(rectorat)
    url = reverse("admin:conventions_convention_verb", args=["issue"])
    client.post(url, {"conventions": convention.pk, "selection": "inventé"})
    assert worked().selection == ""


def test_old_files_are_forgotten_and_their_report_stays(rectorat, convention, worked):
    attach(convention_sent(convention), kind=Piece.Kind.CONVENTION_SIGNED, pdf=SCAN, by=None)
    jobs.start("pieces", [convention.pk], by=rectorat)
    job = worked()
    assert job.file.storage.exists(job.file.name)
    tasks.forget_old()
    job.refresh_from_db()
    assert job.file
    Job.objects.update(finished_at=timezone.now() - tasks.FILES_KEPT - datetime.timedelta(days=1))
    kept = job.file.name
    tasks.forget_old()
    job.refresh_from_db()
    assert (bool(job.file), job.file.storage.exists(kept)) == (False, False)
    assert job.items.count() == 1
    tasks.forget_old()
    assert Job.objects.exists()
    Job.objects.update(finished_at=timezone.now() - tasks.KEPT - datetime.timedelta(days=1))
    tasks.forget_old()
    assert not Job.objects.exists()


def test_the_journal_of_access_tells_who_took_a_report_away(client, rectorat, convention, worked):
    jobs.start("pieces", [convention.pk], by=rectorat)
    client.force_login(rectorat)
    report = reverse("admin:jobs_job_report", args=[worked().pk])
    assert client.get(report).status_code == 200
    taken = AccessEntry.objects.get(kind=AccessEntry.Kind.EXPORT)
    assert (taken.by, report in taken.detail) == (rectorat, True)


def test_a_file_that_could_not_be_made_is_made_again_when_asked(
    client, rectorat, convention, worked, monkeypatch
):
    attach(convention_sent(convention), kind=Piece.Kind.CONVENTION_SIGNED, pdf=SCAN, by=None)
    jobs.start("pieces", [convention.pk], by=rectorat)
    with monkeypatch.context() as broken:
        broken.setattr("conventions.dossiers.archive.stream", lambda pieces: 1 / 0)
        job = worked()
    assert "recommencez" in job.note
    assert list(jobs.failed()) == [job]
    client.force_login(rectorat)
    page = client.get(reverse("admin:jobs_job_change", args=[job.pk]))
    assert "Refaire le fichier" in page.content.decode()
    page = client.post(reverse("admin:jobs_job_retry", args=[job.pk]), follow=True)
    assert "Le fichier va être fait de nouveau." in page.content.decode()
    job = worked()
    assert job.state == Job.State.FINISHED
    assert job.file
    assert not jobs.failed()


def test_begun_again_a_job_keeps_no_file_of_before(
    rectorat, convention, worked, django_capture_on_commit_callbacks
):
    attach(convention_sent(convention), kind=Piece.Kind.CONVENTION_SIGNED, pdf=SCAN, by=None)
    jobs.start("pieces", [convention.pk, ConventionFactory().pk], by=rectorat)
    job = worked()
    before = job.file.name
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.retry(job, by=job.by) == 1
    assert not job.file.storage.exists(before)


def test_what_is_not_over_is_not_begun_again(rectorat):
    ConventionFactory(), accepted()
    job = start(rectorat)
    jobs._do(jobs.claim(job), job)
    assert jobs.progress(job.items.all())["left_out"] == 1
    assert jobs.retry(job, by=job.by) == 0
    assert jobs.progress(job.items.all())["left_out"] == 1


def convention_sent(convention):
    convention.send(by=None)
    return convention


# --- The rights of today, the reason of a whole chunk, the way back -----------------
@pytest.fixture
def gard_agent():
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    return UserFactory(role="rectorat", departments=[gard])


def with_piece(**kwargs):
    convention = ConventionFactory(**kwargs)
    convention.send(by=None)
    attach(convention, kind="other", pdf=SCAN, by=None)
    return convention


def in_gard():
    department = Department.objects.get(code="30")
    return with_piece(collectivity=CollectivityFactory(department=department))


def test_a_chunk_refused_as_a_whole_says_why_of_each(rectorat, monkeypatch):
    first, second = ConventionFactory.create_batch(2)

    def refuse(self, day, field):
        raise ValidationError({field: "Cette date est hors de la campagne."})

    monkeypatch.setattr("lifecycle.plausible.Window.refuse", refuse)
    job = jobs.start("send", [first.pk, second.pk], by=rectorat)
    tasks.run_job(job.pk)
    assert {item.reason for item in job.items.all()} == {"Cette date est hors de la campagne."}
    assert not jobs.failed().exists()


def test_a_job_shows_what_its_asker_may_see_today(client, gard_agent):
    kept, lost = in_gard(), with_piece()
    job = jobs.start("pieces", [kept.pk, lost.pk], by=gard_agent)
    everywhere = list(gard_agent.departments.all())
    gard_agent.departments.clear()  # They followed the whole region when they asked.
    tasks.run_job(job.pk)
    gard_agent.departments.set(everywhere)
    client.force_login(gard_agent)
    page = client.get(reverse("admin:jobs_job_change", args=[job.pk]))
    assert page.context["progress"]["total"] == 1
    assert page.context["hidden"] == 1
    assert "pas de vos départements" in page.text
    assert "Télécharger le fichier" not in page.text
    report = client.get(reverse("admin:jobs_job_report", args=[job.pk]))
    assert lost.reference not in b"".join(report.streaming_content).decode()
    fetched = client.post(reverse("admin:jobs_job_file", args=[job.pk]))
    assert fetched.status_code == 404


def test_an_agent_with_all_of_a_jobs_departements_has_its_file(client, gard_agent):
    kept = in_gard()
    job = jobs.start("pieces", [kept.pk], by=gard_agent)
    tasks.run_job(job.pk)
    client.force_login(gard_agent)
    fetched = client.post(reverse("admin:jobs_job_file", args=[job.pk]))
    assert b"".join(fetched.streaming_content).startswith(b"PK")


def test_the_worker_leaves_out_what_is_no_longer_the_askers(gard_agent):
    kept, lost = in_gard(), with_piece()
    job = jobs.start("pieces", [kept.pk, lost.pk], by=gard_agent)
    tasks.run_job(job.pk)
    assert job.items.get(key=kept.pk).state == JobItem.State.DONE
    assert "N'est plus de ceux que suit" in job.items.get(key=lost.pk).reason


@pytest.mark.parametrize("lost", [{"is_active": False}, {"role": "finance"}])
def test_the_worker_does_nothing_for_who_may_no_longer(rectorat, lost):
    school = SchoolFactory(closure_proposed_on=datetime.date(2026, 11, 1))
    job = jobs.start("confirm_closures", [school.pk], by=rectorat)
    User.objects.filter(pk=rectorat.pk).update(**lost)
    tasks.run_job(job.pk)
    school.refresh_from_db()
    assert job.items.get().state == JobItem.State.LEFT_OUT
    assert school.closure_proposed_on


def test_a_job_leads_back_to_its_list_with_its_filters(client, rectorat, worked):
    ConventionFactory()
    client.force_login(rectorat)
    asked = client.post(
        f"{LIST}?state__in=prepared",
        {
            "action": "issue",
            helpers.ACTION_CHECKBOX_NAME: [Convention.objects.get().pk],
        },
    )
    client.post(
        asked.context["verb_url"],
        {"conventions": asked.context["keys"], "selection": asked.context["selection"]},
    )
    page = client.get(reverse("admin:jobs_job_change", args=[worked().pk]))
    assert f'href="{LIST}?state__in=prepared"' in page.text
    assert "Retour à la liste" in page.text


def test_a_job_of_a_campaign_leads_back_to_it(client, rectorat, worked):
    convention = accepted()
    client.force_login(rectorat)
    campaign = reverse("admin:campaigns_campaign_change", args=[convention.campaign.pk])
    asked = client.get(reverse("admin:campaigns_campaign_print", args=[convention.campaign.pk]))
    client.post(ISSUE, {"conventions": str(convention.pk), "selection": asked.context["selection"]})
    page = client.get(reverse("admin:jobs_job_change", args=[worked().pk]))
    assert f'href="{campaign}">Retour à la campagne' in page.text


def test_a_job_of_collectivities_leads_back_to_theirs(client, rectorat):
    job = jobs.start("apply_mayors", [ConventionFactory().collectivity.pk], by=rectorat)
    tasks.run_job(job.pk)
    client.force_login(rectorat)
    page = client.get(reverse("admin:jobs_job_change", args=[job.pk]))
    address = reverse("admin:communes_collectivity_changelist")
    assert f'href="{address}">Retour à la liste' in page.text
