"""The archive of a campaign, asked for on its page, made by a worker."""

import pytest
from django.urls import reverse

from accounts.models import AccessEntry
from conventions.archives import campaign_archive, long_actions
from jobs.models import Job, JobItem

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.ARCHIVE_DIR = str(tmp_path / "archives")
    return tmp_path / "archives"


@pytest.fixture
def closed(signed_convention):
    signed_convention.campaign.close(by=None)
    return signed_convention.campaign


@pytest.fixture
def ask(client, closed, administrator, worked):
    """Function that asks for the archive as `by`, and returns the job once a worker is done."""

    def ask(by=None):
        client.force_login(by or administrator)
        answer = client.post(
            reverse("admin:campaigns_campaign_export", args=[closed.pk]), follow=True
        )
        return worked(), answer.content.decode()

    return ask


def test_it_is_written_verified_and_told_where(ask, client, closed, folder):
    page = client
    job, _ = ask()
    (archive,) = folder.glob("campagne-2022-2023_*")
    assert campaign_archive.verify(archive) == []
    assert str(archive) in job.note
    assert campaign_archive.digest(archive) in job.note
    told = page.get(reverse("admin:jobs_job_change", args=[job.pk])).content.decode()
    assert str(archive) in told
    assert AccessEntry.objects.filter(detail="Archive demandée : Campagne 2022-2023").exists()
    # Asked for again the same day, it says that it is there.
    again, _ = ask()
    assert "existe déjà" in again.note


def test_its_page_says_what_it_holds_and_changes_nothing(client, closed, administrator, folder):
    client.force_login(administrator)
    address = reverse("admin:campaigns_campaign_export", args=[closed.pk])
    campaign = client.get(reverse("admin:campaigns_campaign_change", args=[closed.pk]))
    assert address in campaign.content.decode()
    assert str(folder) in client.get(address).content.decode()
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("setting", "state", "said"),
    [("", "closed", "donnez ARCHIVE_DIR"), ("/srv/archives", "open", "clôturez-la")],
)
def test_it_is_refused_with_what_to_do(
    client, closed, administrator, settings, setting, state, said
):
    settings.ARCHIVE_DIR = setting
    type(closed).objects.filter(pk=closed.pk).update(state=state)
    client.force_login(administrator)
    answer = client.post(reverse("admin:campaigns_campaign_export", args=[closed.pk]), follow=True)
    assert said in answer.content.decode()
    assert not Job.objects.exists()


def test_it_is_an_administrator_s_then_and_when_it_is_made(ask, rectorat, administrator, closed):
    assert "réservée à un administrateur" in ask(rectorat)[1]
    client_job = Job.objects.create(action="archive_campaign", by=rectorat)
    JobItem.objects.create(job=client_job, key=closed.pk)
    job, _ = ask()
    assert job.items.get().state == JobItem.State.DONE
    assert "réservée" in client_job.items.get().reason


def test_one_that_takes_too_long_is_left_to_the_command(ask, folder, monkeypatch):
    monkeypatch.setattr(long_actions, "_LONGEST", -1)
    job, _ = ask()
    assert "manage.py archive_campaign" in job.note
    assert list(folder.glob("campagne-*")) == list(folder.glob("*.part"))
