"""Pages between the door and the work: who, for whom, seen as whom; axe, wide and narrow."""

import json
import os
import re
import subprocess
import sys
from functools import partial

import pytest
from playwright.sync_api import expect

from accounts.roles import Role

from .conftest import NARROW, ROOT, WIDE, assert_accessible, assert_fits, enter

pytestmark = pytest.mark.one_database

VILLENEUVE, AGDE = ("34337", "Mairie de Villeneuve"), ("34003", "Mairie d’Agde")


@pytest.fixture
def invited(visitor):
    """Function that has a town hall invite an address, and opens the link of the e-mail."""

    def invite(town_hall, email, *, is_shared=False):
        code, words = town_hall
        page = visitor()
        enter(page, words)
        page.goto(f"/conventions/acces/{code}/")
        page.get_by_label("Adresse électronique").fill(email)
        if is_shared:
            page.get_by_text("C’est une boîte partagée").click()
        page.get_by_role("button", name="Envoyer l’invitation").click()
        expect(page.get_by_text(f"L’invitation part à {email}")).to_be_visible()
        page = visitor()
        page.goto("/courriels/")
        mail = page.get_by_role("row").filter(has_text=email).first
        mail.get_by_role("link").click()
        page.get_by_role("main").get_by_role("link", name=re.compile("comptes.invitation")).click()
        return page

    return invite


def assert_right(page):
    for viewport in (WIDE, NARROW):
        page.set_viewport_size(viewport)
        assert_accessible(page)
        assert_fits(page)


def test_who_works_for_two_town_halls_accepts_twice_then_chooses(invited):
    email = "secretaire@deux-communes.example"
    page = invited(VILLENEUVE, email)
    assert_right(page)
    page.get_by_label("Prénom").fill("Inès")
    page.get_by_label("Nom", exact=True).fill("Martin")
    page.get_by_role("button", name="Accepter").click()
    expect(page).to_have_url(re.compile("/conventions/"))
    page = invited(AGDE, email)
    page.get_by_role("button", name="Accepter").click()
    expect(page.get_by_role("heading", name="Pour quelle collectivité")).to_be_visible()
    assert_right(page)
    page.get_by_role("button", name="Agde").click()
    expect(page.get_by_text("Vous travaillez pour Agde")).to_be_visible()
    assert_right(page)


def test_who_uses_a_shared_mailbox_gives_a_name(invited):
    page = invited(VILLENEUVE, "mairie@villeneuve.example", is_shared=True)
    page.get_by_role("button", name="Accepter").click()
    expect(page.get_by_label("Vos prénom et nom")).to_be_visible()
    assert_right(page)


def test_the_rectorat_sees_as_a_town_hall(visitor):
    page = visitor(Role.RECTORAT)
    page.goto("/conventions/comme/34337/")
    assert_right(page)
    page.get_by_label("Motif").fill("Appel de la mairie")
    page.get_by_role("button", name="Voir comme cette collectivité").click()
    expect(page.get_by_role("button", name="Terminer")).to_be_visible()
    assert_right(page)
    page.get_by_role("button", name="Terminer").click()


def test_the_agents_lists_of_access_fit_and_can_be_searched_on_a_telephone(visitor):
    page = visitor(Role.ADMINISTRATOR, NARROW)
    for path in ("accounts/user/", "invitations/invitation/", "accounts/accessentry/"):
        page.goto(f"/admin/{path}")
        assert_fits(page)
        box = page.locator("#searchbar").bounding_box()
        assert box["width"] > 120, path


@pytest.fixture(scope="module")
def proconnect_pages(site_url, site_database):
    """What the site shows of ProConnect; the demonstration has none to come back from."""
    program = (
        "import json; from django.template.loader import render_to_string as render;"
        "pages = {'refused': {'refusal': 'Aucun compte.'}, 'failed': {'what': 'Rien ne répond.'}};"
        "print(json.dumps([render(f'account/proconnect_{n}.html', c) for n, c in pages.items()]))"
    )
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", program],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": site_database, "DEMONSTRATION": "1"},
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_what_proconnect_leads_to_is_accessible_and_fits(visitor, proconnect_pages):
    page = visitor()
    for shown in proconnect_pages:
        page.route("**/page-de-proconnect/", partial(_fulfil, shown))
        page.goto("/page-de-proconnect/")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert_right(page)


def _fulfil(body, route):
    route.fulfill(body=body, content_type="text/html")
