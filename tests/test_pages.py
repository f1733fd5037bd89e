"""What holds for every page, whoever made it."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.contrib.staticfiles import finders
from django.template.loader import get_template, render_to_string
from django.test import Client
from django.urls import reverse

from tests.factories import UserFactory

pytestmark = pytest.mark.both_databases

TEMPLATES = Path(settings.BASE_DIR) / "templates"

VISITORS_PAGES = [
    "account_login",
    "account_signup",
    "account_inactive",
    "account_request_login_code",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "legal",
    "mails",
]
PEOPLES_PAGES = [
    "account_change_password",
    "account_logout",
    "claims",
    "billing_settings",
    "admin:index",
    "admin:accounts_user_changelist",
    "admin:accounts_user_add",
]


class Page(HTMLParser):
    """Elements of a page, and what a strict Content-Security-Policy would block in it."""

    def __init__(self, text: str):
        super().__init__()
        self.attributes: dict[str, list[dict]] = {}
        self.blocked: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.attributes.setdefault(tag, []).append(attributes)
        if tag == "style" or (
            tag == "script"
            and "src" not in attributes
            and "nonce" not in attributes
            and attributes.get("type") != "application/json"
        ):
            self.blocked.append(tag)
        self.blocked += [
            f"{tag}[{name}]" for name in attributes if name == "style" or name.startswith("on")
        ]
        if attributes.get("href", "").startswith("javascript:"):
            self.blocked.append(f"{tag}[href=javascript:]")

    def count(self, tag: str) -> int:
        return len(self.attributes.get(tag, []))


def check(response):
    page = Page(response.text)
    assert page.blocked == []
    assert page.attributes["html"][0]["lang"] == "fr"
    assert page.count("h1") == 1
    assert page.count("main") == 1
    title = re.search(r"<title>(.*?)</title>", response.text, re.DOTALL).group(1)
    assert settings.SITE_NAME in title
    assert title.split("—")[0].strip()
    return page


@pytest.mark.parametrize("name", VISITORS_PAGES)
def test_a_page_for_visitors_is_well_formed_and_runs_under_the_strict_policy(client, db, name):
    check(client.get(reverse(name)))


@pytest.mark.parametrize("name", PEOPLES_PAGES)
def test_a_page_for_people_is_well_formed_and_runs_under_the_strict_policy(
    client, administrator, name
):
    client.force_login(administrator)
    check(client.get(reverse(name)))


def test_the_policy_allows_no_inline_style_nor_script(client, db):
    policy = client.get(reverse("legal")).headers["Content-Security-Policy"]

    assert "unsafe-inline" not in policy
    assert "default-src 'self'" in policy


@pytest.mark.parametrize("path", ["/rien/", "/comptes/rien/"])
def test_an_unknown_address_gets_a_page_that_leads_back(client, db, path):
    response = client.get(path)

    assert response.status_code == 404
    assert check(response)
    assert reverse("home") in response.text


def test_a_form_sent_from_an_old_page_gets_a_page_that_says_what_to_do(db):
    client = Client(enforce_csrf_checks=True)

    response = client.post(reverse("account_login"), {"login": "a@b.fr", "password": "x"})

    assert response.status_code == 403
    assert check(response)
    assert "Rien n’a été enregistré" in response.text


def test_the_page_of_a_fault_needs_no_request():
    page = Page(render_to_string("500.html", {"request_id": "0123456789", "outage": None}))

    assert page.blocked == []
    assert page.count("h1") == 1


def test_the_state_s_mark_is_shown_only_where_the_deployer_sets_it(client, db, settings):
    bare = client.get(reverse("legal")).text
    settings.BRAND_HTML = "Académie<br>de l’Exemple"
    branded = client.get(reverse("legal")).text

    assert "fr-logo" not in bare
    assert "Académie<br>de l’Exemple" in branded


def test_a_person_is_named_with_their_role_and_can_leave(client, db):
    person = UserFactory(first_name="Inès", last_name="Vidal", role="finance")
    client.force_login(person)

    text = client.get(reverse("legal")).text

    assert "Inès Vidal" in text
    assert "(finances)" in text
    assert f'action="{reverse("account_logout")}"' in text


def test_the_frame_of_a_page_asks_nothing_of_the_database(client, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get(reverse("legal"))


def test_messages_are_told_by_their_weight(rf, settings):
    request = rf.get("/")
    messages = [Message(constants.SUCCESS, "Fait."), Message(constants.ERROR, "Refusé.")]

    text = get_template("base.html").render({"messages": messages}, request)

    assert re.search(r'fr-alert--success[^>]*role="status"', text)
    assert re.search(r'fr-alert--error[^>]*role="alert"', text)


def test_every_icon_used_is_in_a_stylesheet_that_pages_load():
    styles = re.findall(
        r"\{% static '(dsfr/[^']+\.css)' %\}",
        (TEMPLATES / "dsfr/global_css.html").read_text(encoding="utf-8"),
    )
    loaded = "".join(Path(finders.find(style)).read_text(encoding="utf-8") for style in styles)
    used = {
        icon
        for template in TEMPLATES.rglob("*.html")
        for icon in re.findall(r"fr-icon-[a-z0-9-]+", template.read_text(encoding="utf-8"))
    }

    assert {icon for icon in used if f".{icon}:" not in loaded} == set()
