"""What is wrong with a running site is found, shown to administrators, and told."""

import datetime
import io
import json
import threading
from collections import namedtuple
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task

from operations import alerts, health, probes
from operations.health import Trouble, troubles
from operations.models import Alert, Backup
from outbox.models import Email

pytestmark = pytest.mark.django_db
DOWN = Trouble("mails", "Trois courriels attendent.")


@pytest.fixture(autouse=True)
def scheduled():
    """A site whose worker has just done what was due."""
    call_command("schedules")
    Schedule.objects.update(next_run=timezone.now() + datetime.timedelta(minutes=5))


def ago(**units):
    return timezone.now() - datetime.timedelta(**units)


def keys():
    return [trouble.key for trouble in troubles()]


# --- What is found ------------------------------------------------------------------------------
def test_a_site_that_runs_well_has_no_trouble():
    assert troubles() == []


def test_a_silent_worker_is_known_by_what_it_should_have_done():
    Schedule.objects.filter(name="courriels").update(next_run=ago(minutes=20))
    (trouble,) = troubles()
    assert trouble.key == "worker"
    assert "« courriels » était prévu" in trouble.words


def test_a_schedule_that_nobody_wrote_is_a_trouble():
    Schedule.objects.filter(name="relances").delete()
    assert keys() == ["schedules"]


def test_the_oldest_email_that_waits_is_told_with_its_error():
    for hours in (1, 3):
        email = Email.objects.create(
            recipients=["a@example.fr"], error="Serveur de courriel injoignable : refus"
        )
        Email.objects.filter(pk=email.pk).update(created_at=ago(hours=hours))
    (trouble,) = troubles()
    assert trouble.words.startswith("2 courriels attendent")
    assert "injoignable" in trouble.words


def test_an_email_of_this_minute_is_no_trouble():
    Email.objects.create(recipients=["a@example.fr"])
    assert keys() == []


def test_a_task_that_nobody_takes_is_a_trouble():
    OrmQ.objects.create(key="conventions", payload="", lock=ago(hours=1))
    assert keys() == ["tasks"]


def test_a_task_that_failed_today_is_a_trouble():
    for number, when in enumerate((ago(hours=2), ago(days=2))):
        Task.objects.create(
            id=str(number), name="x", func="f", started=when, stopped=when, success=False
        )
    (trouble,) = troubles()
    assert trouble.words.startswith("1 tâche de fond a échoué")


@pytest.mark.parametrize(
    ("age", "error", "found"),
    [
        ({"hours": 3}, "", []),
        ({"hours": 3}, "Le disque est plein.", ["backup-failed"]),
        ({"hours": 30}, "", ["backup-late"]),
    ],
)
def test_a_backup_that_failed_or_is_late_is_a_trouble(age, error, found):
    began = ago(**age)
    Backup.objects.create(kind=Backup.Kind.BACKUP, error=error, started_at=began, finished_at=began)
    assert keys() == found


@pytest.mark.parametrize(("hours", "found"), [(1, []), (7, ["backup-failed"])])
def test_a_backup_without_an_end_is_under_way_then_was_killed(hours, found):
    Backup.objects.create(kind=Backup.Kind.BACKUP, started_at=ago(hours=25)).end()
    Backup.objects.create(kind=Backup.Kind.BACKUP, started_at=ago(hours=hours))
    assert keys() == found


def test_a_full_disk_is_a_trouble(monkeypatch, private_media):
    private_media.mkdir()
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(health.shutil, "disk_usage", lambda folder: usage(10**12, 10**12, 10**8))
    assert keys() == ["disk"]


def test_a_database_that_does_not_answer_is_a_trouble(monkeypatch):
    def refuse():
        raise OperationalError("connection refused")

    monkeypatch.setattr(health, "_of_the_worker", refuse)
    assert keys() == ["database"]


def test_a_certificate_near_its_end_is_a_trouble(monkeypatch, settings):
    settings.SITE_URL = "https://conventions.example.fr"
    end = timezone.now() + datetime.timedelta(days=3, hours=1)
    monkeypatch.setattr(health, "_certificate_end", lambda name, port: end)
    (trouble,) = health.troubles_outside()
    assert "expire dans 3 jours" in trouble.words


# --- Who is told --------------------------------------------------------------------------------
def test_administrators_see_it_on_their_desk_and_nobody_else(client, administrator, rectorat):
    Schedule.objects.filter(name="courriels").update(next_run=ago(minutes=20))
    for person, is_told in ((administrator, True), (rectorat, False)):
        client.force_login(person)
        page = client.get(reverse("admin:index")).content.decode()
        assert ("Le travail de fond est arrêté" in page) is is_told


def test_administrators_are_written_to_once_then_when_it_ends(settings):
    settings.ADMINS = [("", "astreinte@example.fr")]
    assert alerts.tell([DOWN])
    assert alerts.tell([DOWN])
    assert alerts.tell([])
    assert [DOWN.words in message.body for message in mail.outbox] == [True, True]
    assert "C’est fini" in mail.outbox[1].body
    assert not Alert.objects.exists()


def test_the_webhook_is_told_when_the_mail_server_is_down(settings, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError("refused")

    monkeypatch.setattr(alerts, "mail_admins", refuse)
    settings.ADMINS = [("", "astreinte@example.fr")]
    received = []

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self):
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Webhook) as server:
        answering = threading.Thread(target=server.handle_request)
        answering.start()
        settings.ALERT_WEBHOOK_URL = f"http://127.0.0.1:{server.server_port}/"
        assert alerts.tell([DOWN])
        answering.join()
    assert DOWN.words in received[0]["text"]


def test_what_reached_nobody_is_told_again(settings):
    assert not alerts.tell([DOWN])
    settings.ADMINS = [("", "astreinte@example.fr")]
    assert alerts.tell([DOWN])
    assert len(mail.outbox) == 1


def test_the_command_fails_where_something_is_wrong():
    said = io.StringIO()
    call_command("health", stdout=said)
    assert said.getvalue() == "Tout va bien.\n"
    Schedule.objects.filter(name="courriels").delete()
    with pytest.raises(SystemExit, match="1"):
        call_command("health", stdout=said)


# --- Probes -------------------------------------------------------------------------------------
@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_probes_want_neither_name_nor_https_nor_session(client, settings, address):
    settings.SECURE_SSL_REDIRECT = True
    response = client.get(address, headers={"host": "10.0.0.7:8000"})
    assert response.status_code == 200
    assert set(response.json().values()) == {"ok"}
    assert not response.cookies


def test_a_probe_makes_no_folder(client, private_media):
    assert client.get("/readyz").status_code == 200
    assert not private_media.exists()


@pytest.mark.parametrize("part", ["database", "cache"])
def test_a_part_that_fails_is_said_without_its_secrets(client, monkeypatch, part):
    def refuse():
        raise OSError("password of the machine")

    monkeypatch.setitem(probes.CHECKS, part, refuse)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()[part] == "failed"
    assert b"password" not in response.content
    assert client.get("/healthz").status_code == 200


def test_a_site_whose_migrations_were_not_run_is_not_ready(client):
    recorder = MigrationRecorder(connection)
    name = max(name for app, name in recorder.applied_migrations() if app == "operations")
    recorder.record_unapplied("operations", name)
    assert client.get("/readyz").json()["migrations"] == "failed"


def test_a_site_that_cannot_keep_a_document_is_not_ready(client, settings, tmp_path):
    (tmp_path / "file").touch()
    settings.MEDIA_ROOT = tmp_path / "file" / "media"
    assert client.get("/readyz").json()["storage"] == "failed"
