"""The proxy's own file lets through what the site takes, and knows the site's addresses."""

import re
from pathlib import Path, PurePath

import pytest
from django.urls import reverse

from documents.received.uploads import PHOTOGRAPHS_MAX_BYTES
from tabular.reading import MAX_BYTES

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
NGINX = DEPLOY / "nginx.conf"
# A form has more than its file.
_FORM = 1024 * 1024


def size_let_through(address):
    """Return how many bytes may be sent to an address; its location says, else the server."""
    text = NGINX.read_text().partition("listen 443")[2]
    places = dict(re.findall(r"location (?:= )?(\S+) \{(.*?)\}", text, re.DOTALL))
    inner = places[max(filter(address.startswith, places), key=len)]
    found = re.search(r"client_max_body_size (\d+)m", inner) or re.search(
        r"client_max_body_size (\d+)m", text.partition("location")[0]
    )
    return int(found[1]) * 1024**2


@pytest.mark.parametrize(
    ("address", "size"),
    [
        ("/conventions/", PHOTOGRAPHS_MAX_BYTES),
        (reverse("admin:schools_school_import"), MAX_BYTES),
    ],
)
def test_what_the_site_takes_reaches_it(address, size):
    assert size_let_through(address) >= size + _FORM


def test_a_pile_reaches_the_site(settings):
    assert size_let_through(reverse("admin:piles_pile_add")) >= settings.PILE_MAX_BYTES + _FORM


def test_caddy_lets_through_as_much_as_nginx():
    sizes = dict(
        re.findall(r"request_body @(\w+) \{\s*max_size (\d+)MB", (DEPLOY / "Caddyfile").read_text())
    )
    places = {
        "piles": reverse("admin:piles_pile_add"),
        "accounts": reverse("account_login"),
        "verified": reverse("verify"),
        "others": "/",
    }
    assert sizes.keys() == places.keys()
    for matcher, address in places.items():
        assert int(sizes[matcher]) * 1024**2 == size_let_through(address)


def test_the_image_has_the_libraries_that_documents_want():
    wanted = re.search(r'PDF_LIBRARIES="(.*)"', (ROOT / "script/setup").read_text())[1].split()
    assert wanted
    last_stage = (DEPLOY / "Containerfile").read_text().rpartition("FROM ")[2]
    assert set(wanted) <= set(last_stage.split())


def test_what_the_containers_are_told_to_read_and_write_outlives_them():
    text = (DEPLOY / "compose.yaml").read_text()
    volumes = re.findall(r"[\w./]+:(/\w+)(?::ro)?\"", text.partition("services:")[0])
    image = (DEPLOY / "Containerfile").read_text()
    for name, said in (("MEDIA_ROOT", image), ("TRUSTED_CERTIFICATES_DIR", text)):
        assert re.search(rf"{name}(?:=|: )(\S+)", said)[1] in volumes


@pytest.mark.parametrize(
    "path",
    [
        *(".env", "deploy/.env", "deploy/conventions.env"),
        *("var/db.sqlite3", "var/media/a.pdf", ".venv/bin/python", ".git/config"),
    ],
)
def test_no_secret_nor_data_of_this_machine_goes_into_the_image(path):
    left_out = (ROOT / ".dockerignore").read_text().split("\n")
    whole = PurePath("/", path)
    patterns = [f"/{pattern}" for pattern in left_out if pattern and pattern[0] != "#"]
    assert any(place.match(pattern) for place in (whole, *whole.parents) for pattern in patterns)


def test_addresses_that_are_slowed_down_are_those_of_the_site():
    limited = re.findall(r"location (\S+) \{\s*limit_req", NGINX.read_text())
    for address in (reverse("account_login"), reverse("verify")):
        assert any(address.startswith(place) for place in limited)


def test_where_anybody_may_send_something_no_more_than_that_is_let_through(settings):
    assert size_let_through(reverse("account_login")) <= _FORM
    let_through = size_let_through(reverse("verify"))
    assert settings.UPLOAD_MAX_BYTES + _FORM <= let_through <= settings.UPLOAD_MAX_BYTES + 2 * _FORM
