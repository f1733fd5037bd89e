"""The session is strict: each thing that it refuses fails a test that does it (tests/strict)."""

import datetime
import os
import socket
import subprocess
import sys

import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, StreamingHttpResponse
from django.template import Context, Origin, Template
from django.urls import path
from django.utils import timezone
from loopback import Outside

from communes.models import Region
from tests.factories import RegionFactory
from tests.strict.reading import Wrote
from tests.strict.templates import OURS

OTHER_HOST = "192.0.2.1"  # Of nobody (RFC 5737).


@pytest.fixture
def noted(faults):
    """Return, and take away, what the session noted against the test."""

    def take():
        found = list(faults)
        faults.clear()
        return found

    return take


# --- Templates ----------------------------------------------------------------
def needs(argument):
    return argument


@pytest.mark.parametrize(
    "source",
    [
        "{{ missing }}",
        "{{ here.missing }}",
        "{{ missing|default:'' }}",
        "{% if missing %}{% endif %}",
        "{% if here and here.missing %}{% endif %}",
        "{% if 1 == missing %}{% endif %}",
        "{% for each in missing %}{% endfor %}",
        "{% with here=missing %}{% endwith %}",
        "{{ needs }}",
    ],
)
def test_an_unknown_variable_is_noted_wherever_it_stands(noted, settings, source):
    settings.DEBUG = False  # Django makes its template engines anew.
    context = Context({"here": [1], "needs": needs})
    Template(source, origin=Origin(str(OURS / "base.html"))).render(context)
    (fault,) = noted()
    assert fault.startswith("templates/base.html:1:")


def test_templates_of_others_may_read_what_is_not_there(noted):
    Template("{{ missing }}", origin=Origin("/elsewhere/base.html")).render(Context())
    assert noted() == []


# --- The order of rows ----------------------------------------------------------
@pytest.fixture
def regions(db):
    return [RegionFactory(code=code) for code in ("76", "75", "93")]


@pytest.mark.parametrize(
    "read",
    [
        list,
        lambda regions: list(regions.values_list("code", flat=True)),
        lambda regions: list(regions.iterator()),
        lambda regions: list(regions[:1]),
        lambda regions: list(regions.order_by()[:2]),
    ],
    ids=["list", "values", "iterator", "slice", "slice in an order that is no matter"],
)
def test_rows_read_in_no_order_are_noted(noted, regions, read):
    read(Region.objects.all())
    (fault,) = noted()
    assert fault.startswith(__file__)
    assert fault.endswith("rows of Region are read in no order")


def test_an_order_that_is_no_matter_is_turned_round(noted, regions):
    assert list(Region.objects.order_by()) == list(Region.objects.order_by("pk"))[::-1]
    assert noted() == []


def test_one_row_needs_no_order(noted, regions):
    assert Region.objects.get(code="93") == regions[2]
    assert list(Region.objects.filter(code="93")) == regions[2:]
    assert noted() == []


# --- Writing while reading ------------------------------------------------------
@login_not_required
def write(request):
    RegionFactory()
    return HttpResponse()


@login_not_required
def stream(request):
    return StreamingHttpResponse(f"{RegionFactory()}" for _ in range(1))


@login_not_required
def remember(request):
    request.session["seen"] = True
    return HttpResponse()


handler500 = "config.views.failed"
urlpatterns = [path("write/", write), path("stream/", stream), path("remember/", remember)]


@pytest.mark.urls(__name__)
class TestReading:
    @pytest.mark.parametrize("method", ["get", "head", "options"])
    def test_a_page_that_writes_is_refused(self, client, db, noted, method):
        with pytest.raises(Wrote):
            getattr(client, method)("/write/")
        fault, *others = noted()
        assert others == [], others
        assert fault.startswith(f"{method.upper()} /write/ writes: INSERT INTO")

    def test_a_page_that_writes_while_it_is_sent_is_refused(self, client, db, noted):
        with pytest.raises(Wrote):
            client.get("/stream/").getvalue()
        assert len(noted()) == 1

    def test_what_is_sent_may_write(self, client, db):
        client.post("/write/")
        assert Region.objects.exists()

    def test_a_session_may_be_kept(self, client, db):
        client.get("/remember/")
        assert client.session["seen"]


# --- Other hosts ----------------------------------------------------------------
@pytest.mark.parametrize(
    "ask",
    [
        lambda: socket.socket().connect((OTHER_HOST, 80)),
        lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"", (OTHER_HOST, 53)),
        lambda: socket.getaddrinfo("example.org", 80),
        lambda: socket.gethostbyname("example.org"),
    ],
    ids=["connect", "send", "look up", "look up by name"],
)
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_another_host_is_refused(noted, ask):
    with pytest.raises(Outside):
        ask()
    assert len(noted()) == 1


def test_this_machine_is_reached(tmp_path):
    with socket.create_server(("localhost", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as visitor:
        server.bind(str(tmp_path / "socket"))
        server.listen()
        visitor.connect(str(tmp_path / "socket"))


# --- The processes that tests start ---------------------------------------------
def run(script, **environment):
    process = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | environment,
    )
    return process.stdout.strip()


def test_the_day_is_the_one_that_is_given_here_and_in_every_process(pytestconfig):
    day = pytestconfig.getoption("--day")
    assert timezone.localdate() == datetime.date.fromisoformat(day)
    assert run("import datetime; print(datetime.date.today())") == day


def test_a_process_that_a_test_starts_reaches_no_other_host_either():
    script = f"import socket; socket.create_connection(('{OTHER_HOST}', 80))"
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        run(script)
    assert "Outside" in refusal.value.stderr


def test_the_environment_and_its_file_change_no_setting(tmp_path):
    (tmp_path / ".env").write_text("SITE_TAGLINE=Ailleurs\n")
    script = (
        "from tests import settings;"
        "print({n: v for n, v in vars(settings).items() if n.isupper() and n != 'DATABASES'})"
    )
    odd = {
        "PORT": "9999",
        "SITE_URL": "https://conventions.example.fr",
        "EMAIL_URL": "smtp://mail.example.fr",
        "SECRET_KEY": "x" * 64,
        "DEBUG": "1",
        "HTTPS": "1",
        "S3_BUCKET": "conventions",
        "ENV_FILE": str(tmp_path / ".env"),
        "TZ": "Pacific/Auckland",
        "LANG": "C",
    }
    assert run(script, **odd) == run(script)
