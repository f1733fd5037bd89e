"""The log tells each request in a line of JSON, and none of what opens a door."""

import io
import json
import logging
import re

import pytest
from django.test import override_settings
from django.urls import URLPattern, get_resolver, path

from accounts.models import AccessEntry
from config import urls
from operations import requests
from operations.logs import JsonLines

pytestmark = pytest.mark.django_db
SECRET = "tres5ecret"
NUMBER = 73917391
ROUTES = re.compile(r"<(?:(\w+):)?\w+>")


@pytest.fixture
def lines():
    """What the whole product logs, from the least level on."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root, ours = logging.getLogger(), logging.getLogger("operations.requests")
    levels = root.level, ours.level
    # `manage.py demo` silences what is told, for its whole process.
    silenced = logging.root.manager.disable
    logging.disable(logging.NOTSET)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    ours.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    logging.disable(silenced)


def read(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def answered(stream):
    return [line for line in read(stream) if line["logger"] == "operations.requests"]


def addresses(patterns, prefix=""):
    """Yield an address of every page, a secret in place of each of its values."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield "/" + ROUTES.sub(lambda m: str(NUMBER) if m[1] == "int" else SECRET, route)
        else:
            yield from addresses(pattern.url_patterns, route)


def test_a_request_is_one_line_with_who_what_and_how_it_went(client, rectorat, lines):
    client.force_login(rectorat)
    response = client.get("/admin/", headers={"X-Request-ID": "proxy-0123456789"})
    (line,) = answered(lines)
    assert response.headers["X-Request-ID"] == line["request"] == "proxy-0123456789"
    assert (line["route"], line["status"], line["method"]) == ("admin/", 200, "GET")
    assert (line["account"], line["role"]) == (rectorat.pk, "rectorat")
    assert line["ms"] >= 0


def test_an_identifier_that_is_none_is_replaced(client, lines):
    response = client.get("/mentions-legales/", headers={"X-Request-ID": 'x", "level": "y'})
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["X-Request-ID"])


@pytest.mark.parametrize("method", ["get", "post"])
def test_no_secret_sent_to_any_page_is_in_the_log(client, rectorat, lines, method):
    client.raise_request_exception = False
    asked = sorted(set(addresses(get_resolver().url_patterns)))
    for signed_in in (False, True):
        if signed_in:
            client.force_login(rectorat)
        for address in asked:
            if "deconnexion" in address or "logout" in address:
                continue
            getattr(client, method)(
                f"{address}?q={SECRET}" if method == "get" else address,
                *([] if method == "get" else [{"code": SECRET, "password": SECRET}]),
                headers={"Referer": f"https://testserver/{SECRET}", "Authorization": SECRET},
            )
    assert len(answered(lines)) > 300
    found = [
        line for line in lines.getvalue().splitlines() if SECRET in line or str(NUMBER) in line
    ]
    assert found == []


def test_what_an_export_searched_for_is_in_the_journal_and_not_in_the_log(client, rectorat, lines):
    client.force_login(rectorat)
    client.get(f"/admin/schools/school/export/csv/?q={SECRET}")
    assert AccessEntry.objects.filter(detail__endswith=f"?q={SECRET}").exists()
    assert "Export : " in lines.getvalue()
    assert SECRET not in lines.getvalue()


def broken(request, token):
    raise RuntimeError("broken")


class Broken:
    urlpatterns = [path("casse/<str:token>", broken), *urls.urlpatterns]
    handler500 = urls.handler500


def test_a_page_that_fails_gives_the_identifier_under_which_the_log_says_why(
    client, rectorat, lines
):
    client.raise_request_exception = False
    client.force_login(rectorat)
    with override_settings(ROOT_URLCONF=Broken):
        response = client.get(f"/casse/{SECRET}")
    failure, line = (entry for entry in read(lines) if entry["logger"] != "accounts.journal")
    assert response.status_code == line["status"] == 500
    assert f"Référence de l’incident : {line['request']}" in response.content.decode()
    assert failure["request"] == line["request"]
    assert failure["message"] == "Internal Server Error: casse/<str:token>"
    assert "RuntimeError: broken" in failure["traceback"]
    assert SECRET not in lines.getvalue()


@pytest.mark.parametrize(("proxies", "said"), [(1, 1), (0, 0)])
def test_a_proxy_that_does_not_tell_visitors_apart_is_said_once(
    client, settings, lines, proxies, said
):
    requests._say_that_visitors_look_alike.cache_clear()
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    for _ in range(2):
        client.get("/mentions-legales/")
    assert lines.getvalue().count("No X-Forwarded-For") == said
