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
    "/comptes/invitation/perimee/",
    "/rien/",
]
PEOPLES_PAGES = [
    "/comptes/mot-de-passe/",
    "/comptes/securite/",
    "/comptes/securite/application/",
    "/comptes/securite/cle/",
    "/comptes/securite/sessions/",
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
def test_the_pages_of_ones_own_account_are_accessible_and_fit(visitor, role, viewport):
    page = visitor(role, viewport)
    for path in PEOPLES_PAGES:
        page.goto(path)
        assert_accessible(page)
        assert_fits(page)


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_town_halls_list_of_access_is_accessible_and_fits(visitor, viewport):
    page = visitor(Role.TOWN_HALL, viewport)
    page.goto("/conventions/acces/34337/")
    expect(page.get_by_role("heading", name="Inviter un collègue")).to_be_visible()
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
    for path in ["", "accounts/user/", "invitations/invitation/add/", "accounts/user/?q=roux"]:
        page.goto(f"/admin/{path}")
        assert_fits(page)
