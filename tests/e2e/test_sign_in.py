"""The door: each role signs in with its demonstration account and lands where its work starts."""

import re

import pytest
from playwright.sync_api import expect

from accounts.roles import Role

from .conftest import NARROW, WIDE, account, assert_accessible, assert_fits, sign_in

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_sign_in_page_is_accessible(visitor, viewport):
    page = visitor(viewport=viewport)
    page.goto("/")
    expect(page.get_by_role("heading", name="Se connecter")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)


@pytest.mark.parametrize(
    ("role", "start"),
    [
        (Role.TOWN_HALL, r"/conventions/"),
        (Role.RECTORAT, r"/admin/$"),
        (Role.FINANCE, r"/titres/"),
        (Role.ADMINISTRATOR, r"/admin/$"),
    ],
)
def test_each_role_lands_where_its_work_starts(visitor, role, start):
    page = visitor()
    sign_in(page, role)
    expect(page).to_have_url(re.compile(start))


def test_a_wrong_password_is_told_and_the_address_kept(visitor):
    page = visitor()
    page.goto("/")
    page.get_by_label("Adresse électronique").fill(account(Role.TOWN_HALL).email)
    page.get_by_label("Mot de passe", exact=True).fill("ce n'est pas celui-là")
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_text("ne sont pas les bons")).to_be_visible()
    expect(page.get_by_label("Adresse électronique")).to_have_value(account(Role.TOWN_HALL).email)


def test_sign_out_closes_the_door(visitor):
    page = visitor()
    sign_in(page, Role.TOWN_HALL)
    page.get_by_role("button", name="Se déconnecter").click()
    page.goto("/")
    expect(page).to_have_url(re.compile(r"/comptes/connexion/"))


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_code_by_e_mail_is_read_among_the_e_mails_of_the_demonstration(visitor, viewport):
    page = visitor(viewport=viewport)
    page.goto("/comptes/connexion/code/")
    page.get_by_label("Adresse électronique").fill(account(Role.FINANCE).email)
    page.get_by_role("button", name="Recevoir un code").click()
    page.get_by_role("link", name="Voir les courriels").click()
    page.get_by_role("link", name="Votre code de connexion").first.click()
    expect(page.get_by_role("heading", name="Votre code de connexion")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    (code,) = re.findall(r"^[0-9A-Z-]{6,}$", page.get_by_role("main").inner_text(), re.MULTILINE)
    page.goto("/")
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Se connecter", exact=True).click()
    expect(page).to_have_url(re.compile(r"/titres/"))


def test_the_demonstration_lets_in_at_one_click(visitor):
    page = visitor()
    page.goto("/")
    page.get_by_role("button", name=account(Role.FINANCE).description).click()
    expect(page).to_have_url(re.compile(r"/titres/"))
