"""A real server with demonstration data, and a browser that notices everything that goes wrong.

These tests talk to the site as people do, never to the database.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from axe_playwright_python.sync_playwright import Axe

from accounts.demonstration import DEMONSTRATION_ACCOUNTS, DEMONSTRATION_PASSWORD
from jobs.processes import end_with_parent
from tests.temporary_database import temporary_database

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}


# Before xdist reads the groups, which it does first where a path given to pytest leads here.
@pytest.hookimpl(specname="pytest_collection_modifyitems", tryfirst=True)
def pytest_mark_browser_tests(items):
    """Mark the browser tests and keep them in one process: they share one server."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.xdist_group("browser"))
            # A browser that answers no more is left with its process; another takes up the rest.
            item.add_marker(pytest.mark.timeout(600, method="thread"))


def pytest_collection_modifyitems(items):
    """Have a visit find the demonstration as it begins, before other tests have worked in it.

    What looks at every answer of the site comes last, and finds what they left.
    """
    turns = {"test_visit.py": 0, "test_every_answer.py": 2}
    items.sort(key=lambda item: turns.get(item.path.name, 1))


# --- The server -------------------------------------------------------------
@pytest.fixture(scope="session")
def site_database(migrated, tmp_path_factory):
    with temporary_database(tmp_path_factory.mktemp("site"), copy_of=migrated) as url:
        yield url


@pytest.fixture(scope="session")
def site_environment(site_database, tmp_path_factory):
    """What the processes of the site are told: filled by `manage.py demo`, as in production."""
    environment = {
        **os.environ,
        "DATABASE_URL": site_database,
        "MEDIA_ROOT": str(tmp_path_factory.mktemp("media")),
        "MAILS_DIR": str(tmp_path_factory.mktemp("mails")),
        "DEMONSTRATION": "1",
        "PYTHONWARNINGS": "default",
    }
    commands = [["demo"]]
    if not static_files_are_collected():
        commands.append(["collectstatic", "--no-input"])
    for command in commands:
        subprocess.run(
            [sys.executable, "manage.py", *command, "--verbosity", "0"],
            cwd=ROOT,
            env=environment,
            check=True,
        )
    return environment


@pytest.fixture(scope="session")
def site_url(site_environment, tmp_path_factory):
    """Address of the site, with its worker."""
    log = tmp_path_factory.mktemp("server") / "log"
    with served(site_environment, log, ["-m", "gunicorn"], ["manage.py", "worker"]) as url:
        yield url


@pytest.fixture
def site_url_next_day(site_url, site_environment, tmp_path_factory):
    """Address of the same site, by whose clock a day has passed; its pages only."""
    tomorrow = str(float(site_environment["CLOCK_AHEAD"]) + timedelta(days=1).total_seconds())
    log = tmp_path_factory.mktemp("next_day") / "log"
    with served({**site_environment, "CLOCK_AHEAD": tomorrow}, log, ["-m", "gunicorn"]) as url:
        yield url


@contextmanager
def served(environment, log, *commands):
    """Run the commands of a site in that environment, the first of which answers; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with log.open("w") as output:
        processes = [
            subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env={**environment, "PORT": str(port)},
                stdout=output,
                stderr=output,
                # A browser's test that takes too long ends this process, without what follows.
                preexec_fn=lambda: end_with_parent(signal.SIGTERM),
            )
            for command in commands
        ]
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_served(url, processes[0], log)
        yield url
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(timeout=30)
    assert "Traceback" not in log.read_text(), log.read_text()


def static_files_are_collected() -> bool:
    """Tell whether the files of an earlier collectstatic serve: it takes seconds each time."""
    collected = ROOT / "var/static/staticfiles.json"
    sources = ROOT / "requirements.lock", ROOT / "config/apps.py", *(ROOT / "static").rglob("*")
    return collected.exists() and all(
        source.stat().st_mtime < collected.stat().st_mtime for source in sources
    )


@pytest.fixture(scope="session")
def base_url(site_url):
    """What relative addresses in the tests start from (read by pytest-playwright)."""
    return site_url


def wait_until_served(url, server, log):
    for _ in range(300):
        assert server.poll() is None, log.read_text()
        try:
            urlopen(url).close()
        except URLError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the server did not answer within 30 s\n{log.read_text()}")


# --- The browser ------------------------------------------------------------
@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    return {
        **browser_type_launch_args,
        "executable_path": executable,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }


@pytest.fixture
def visitor(new_context, sign_in_once):
    """Open a page of one's own: `visitor()` for a passer-by, `visitor(Role.FINANCE)` signed in.

    The test fails on any script error, console error, blocked resource or server error.
    """
    problems = []

    def visit(role=None, viewport=WIDE):
        context = new_context(
            locale="fr-FR",
            viewport=viewport,
            storage_state=sign_in_once(role) if role else None,
        )
        context.set_default_timeout(10_000)
        page = context.new_page()
        watch(page, problems)
        return page

    yield visit
    assert not problems


@pytest.fixture(scope="session")
def sign_in_once(browser, site_url):
    """Return the cookies of a demonstration account of a role, signed in by the form."""
    states = {}

    def state(role):
        if role not in states:
            context = browser.new_context(base_url=site_url)
            sign_in(context.new_page(), role)
            states[role] = context.storage_state()
            context.close()
        return states[role]

    return state


def sign_in(page, role, site=""):
    """Fill the sign-in form as the demonstration account of `role`; of another `site`, if given."""
    page.goto(f"{site}/")
    fill_sign_in(page, role)


def fill_sign_in(page, role):
    """Sign in on the page where one is asked to."""
    page.get_by_label("Adresse électronique").fill(account(role).email)
    page.get_by_label("Mot de passe", exact=True).fill(DEMONSTRATION_PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_url(lambda address: "/comptes/" not in address)


def enter(page, words):
    """Sign in at one click, as the demonstration account whose description begins so."""
    page.goto("/")
    page.get_by_role("button", name=words).click()
    page.wait_for_url(lambda address: "/comptes/" not in address)


def account(role):
    return next(account for account in DEMONSTRATION_ACCOUNTS if account.role == role)


def watch(page, problems):
    """Append to `problems` what a person would not see, or would see as a broken page."""

    def note_console(message):
        # A form shown again with its errors answers 422: its status is judged below.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            problems.append(f"{page.url}: {message.text}")

    def note_request(request):
        if urlsplit(request.url).hostname not in (None, "127.0.0.1"):
            problems.append(f"{page.url} asks for {request.url}")

    def note_response(response):
        is_page = response.request.resource_type == "document"
        # A draft that a file takes no more: the page that keeps it says so.
        if response.status >= (500 if is_page else 400) and response.status != 409:
            problems.append(f"{response.url}: {response.status}")

    page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
    page.on("console", note_console)
    page.on("request", note_request)
    page.on("response", note_response)


# --- What every page owes ---------------------------------------------------
def assert_accessible(page, without=()):
    """Fail with axe's report if the page breaks a rule it can see, `without` leaving out selectors."""
    # Half a page, on a machine that does much else, has no heading yet.
    page.wait_for_load_state()
    # It would copy the sheets that others import into the page, which the policy refuses; what
    # it finds right it need not tell, node by node.
    context = {"exclude": [[selector] for selector in without]} if without else None
    results = Axe().run(
        page, context=context, options={"preload": False, "resultTypes": ["violations"]}
    )
    assert results.violations_count == 0, f"{page.url}\n{results.generate_report()}"


def assert_fits(page):
    """Fail if the page scrolls sideways."""
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], f"{page.url} is {width} pixels wide"
