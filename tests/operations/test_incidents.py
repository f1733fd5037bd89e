"""What Sentry is told of an error: where it happened, under which reference, and nobody's data."""

import gzip
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import brotli
import pytest

ROOT = Path(__file__).resolve().parents[2]
SECRET = "tres5ecret"
DECODE = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress}
FAILING = f"""
import logging
import django
django.setup()
import sentry_sdk
from django.contrib.auth.decorators import login_not_required
from django.test import Client, override_settings
from django.urls import path
from django.http import HttpResponse

@login_not_required
def broken(request, token):
    code = request.POST["code"]
    raise ValueError(f"{{token}} {{code}}")

class Urls:
    urlpatterns = [path("casse/<str:token>", broken)]
    handler500 = staticmethod(lambda request: HttpResponse(status=500))

client = Client(raise_request_exception=False, HTTP_HOST="127.0.0.1")
client.cookies["carte"] = "{SECRET}"
with override_settings(ROOT_URLCONF=Urls):
    sent = {{"code": "{SECRET}", "email": "{SECRET}@example.fr"}}
    headers = {{"Authorization": "{SECRET}", "X-Request-ID": "proxy-0123456789"}}
    assert client.post("/casse/{SECRET}?q={SECRET}", sent, headers=headers).status_code == 500
logging.getLogger("ours").error("Not sent to %s", "{SECRET}")
logging.getLogger("theirs").error("Not sent to {SECRET}")
sentry_sdk.flush(20)
"""


class Sentry(BaseHTTPRequestHandler):
    """Keeps the events that are sent to it."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        body = DECODE[self.headers.get("Content-Encoding", "")](body)
        self.server.received.append(f"{self.path}\n{self.headers}\n{body.decode()}")
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args):
        pass


@pytest.fixture
def received():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sentry)
    server.received = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    server.dsn = f"http://key@127.0.0.1:{server.server_port}/1"
    yield server
    server.shutdown()
    thread.join(10)
    server.server_close()


def run(tmp_path, **more):
    program = [sys.executable, "-c", FAILING]
    database = {"DATABASE_URL": f"sqlite:///{tmp_path}/none.sqlite3"}
    given = {**os.environ, **database, **more, "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        program, cwd=ROOT, env=given, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.one_database
def test_an_error_is_told_by_its_place_and_reference_and_no_data(tmp_path, received):
    run(tmp_path, SENTRY_DSN=received.dsn, SENTRY_ENVIRONMENT="essai")
    assert SECRET not in "".join(received.received)
    # An envelope: a line of its own, then for each item a line that says its kind, and itself.
    events = [
        json.loads(each.split("\n")[-1] or each.split("\n")[-2]) for each in received.received
    ]
    failure, ours, theirs = events
    (exception,) = failure["exception"]["values"]
    assert exception["type"] == "ValueError"
    assert exception["stacktrace"]["frames"][-1]["function"] == "broken"
    assert failure["environment"] == "essai"
    assert failure["tags"] == {"request": "proxy-0123456789"}
    assert ours["logentry"] == {"message": "Not sent to %s"}
    assert theirs["logger"] == "theirs"
    for event in events:
        assert not {"request", "user", "extra", "breadcrumbs", "server_name"} & event.keys()


@pytest.mark.one_database
def test_nobody_is_told_unless_asked_for(tmp_path, received):
    run(tmp_path)
    assert received.received == []
