"""Figures for Prometheus: every process's requests by route, what waits, and nobody's secret."""

import datetime
import os
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from jobs.models import Worker
from operations import metrics
from outbox.models import Delivery, Email

ROOT = Path(__file__).resolve().parents[2]
SECRET = "tres5ecret"
ASKING = f"""
import django
django.setup()
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path

class Urls:
    urlpatterns = [path("pages/<str:token>", login_not_required(lambda request, token: HttpResponse()))]

with override_settings(ROOT_URLCONF=Urls):
    client = Client(HTTP_HOST="127.0.0.1")
    client.get("/pages/{SECRET}?q={SECRET}")
    client.generic("{SECRET}", "/pages/{SECRET}")
"""


def environment(folder, **more):
    """That of a site whose database has no table yet."""
    database = f"sqlite:///{folder}/none.sqlite3"
    return {
        **os.environ,
        **more,
        "DATABASE_URL": database,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "figures"),
    }


@contextmanager
def shown(folder):
    """Give what `manage.py metrics` answers at an address of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "manage.py", "metrics"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(folder, METRICS_ADDRESS=address), stdout=subprocess.PIPE
    )
    try:
        assert process.stdout.readline().strip() == f"http://{address}/metrics".encode()
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
            yield answer.read().decode()
    finally:
        process.kill()
        process.communicate(timeout=30)


@pytest.mark.one_database
def test_requests_of_all_processes_are_counted_by_route_and_nothing_else(tmp_path):
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", ASKING],
            cwd=ROOT,
            env=environment(tmp_path),
            check=True,
            capture_output=True,
            timeout=120,
        )
    # The second went on with the first one's file: it had ended.
    assert [path.name for path in (tmp_path / "figures").glob("*.db")] == ["histogram_0.db"]
    with shown(tmp_path) as text:
        count = 'conventions_request_seconds_count{method="%s",route="%s",status="%s"} 2.0'
        assert count % ("GET", "pages/<str:token>", "200") in text
        assert count % ("other", "pages/<str:token>", "200") in text
        assert SECRET not in text
        # Its database has no table: said, and the rest is there.
        assert "conventions_database_up 0.0" in text


def figures():
    return {figure.name: figure.samples[0].value for figure in metrics.what_waits()}


@pytest.mark.django_db
def test_what_waits_and_the_last_sign_of_a_worker_are_figures():
    assert figures() == {
        "conventions_jobs_waiting": 0,
        "conventions_tasks_waiting": 0,
        "conventions_emails_waiting": 0,
    }
    Email.objects.create(subject="Un", recipients=["un@example.fr"])
    Email.objects.create(subject="Deux", state=Delivery.SENT)
    OrmQ.objects.create(key="conventions", payload="", lock=timezone.now())
    Worker.objects.create(name="un", beat_at=timezone.now() - datetime.timedelta(seconds=30))
    found = figures()
    assert found["conventions_emails_waiting"] == found["conventions_tasks_waiting"] == 1
    assert 30 <= found["conventions_worker_heartbeat_age_seconds"] < 300


def test_nothing_is_counted_unless_asked_for(settings):
    assert "operations.metrics.CountedRequests" not in settings.MIDDLEWARE
    done = subprocess.run(
        [sys.executable, "manage.py", "metrics"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != metrics.FOLDER},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert metrics.FOLDER in done.stderr
