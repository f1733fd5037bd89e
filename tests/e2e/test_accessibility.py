"""The frame of the site and its account pages, for everybody: axe, wide and narrow."""

import pytest
from playwright.sync_api import expect

from accounts.roles import Role

from .conftest import NARROW, WIDE, assert_accessible, assert_fits

pytestmark = pytest.mark.one_database

VISITORS_PAGES = [
    "/comptes/connexion/",
    "/comptes/connexion/code/",
    "/comptes/mot-de-passe/oubli/",
    "/comptes/mot-de-passe/oubli/envoye/",
    "/comptes/ouverture/",
    "/mentions-legales/",
    "/courriels/",
    "/verifier/",
    "/verifier/ENT-2022-34337-C-333333",
    "/rien/",
]


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_pages_for_visitors_are_accessible_and_fit(visitor, viewport):
    page = visitor(viewport=viewport)
    for path in VISITORS_PAGES:
        page.goto(path)
        assert_accessible(page)
        assert_fits(page)


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("role", [Role.TOWN_HALL, Role.FINANCE], ids=str)
def test_the_password_page_is_accessible_and_fits(visitor, role, viewport):
    page = visitor(role, viewport)
    page.goto("/comptes/mot-de-passe/")
    assert_accessible(page)
    assert_fits(page)


def test_a_password_can_be_shown_while_it_is_typed(visitor):
    page = visitor()
    page.goto("/comptes/connexion/")
    password = page.get_by_label("Mot de passe", exact=True)
    password.fill("ce que je tape")
    page.get_by_text("Afficher").click()
    expect(password).to_have_attribute("type", "text")


def test_the_menu_opens_on_a_narrow_screen(visitor):
    page = visitor(Role.FINANCE, NARROW)
    page.goto("/comptes/mot-de-passe/")
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("link", name="Titres de perception")).to_be_visible()
    expect(page.get_by_role("button", name="Se déconnecter")).to_be_visible()


def test_the_admin_site_runs_under_the_strict_policy(visitor):
    page = visitor(Role.ADMINISTRATOR)
    for path in ["", "accounts/user/", "accounts/user/add/", "accounts/user/?q=roux"]:
        page.goto(f"/admin/{path}")
        assert_fits(page)
