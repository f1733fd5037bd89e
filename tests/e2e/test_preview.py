"""« Vérifier »: the document beside the form says what is typed; the nature folds the rest away."""

import re

import pytest
from playwright.sync_api import expect

from .conftest import NARROW, assert_accessible, assert_fits, enter

pytestmark = pytest.mark.one_database

VERIFY = "/conventions/2026-2027/34003/renseignements/"


@pytest.fixture
def verify(visitor):
    page = visitor()
    enter(page, "Mairie d’Agde")
    page.goto(VERIFY)
    return page


def test_the_document_beside_the_form_follows_what_is_typed(verify):
    picture = verify.locator(".preview-pages img").first
    # The first one, of a server that has printed nothing yet.
    expect(picture).to_have_attribute(
        "alt", re.compile("La convention, page 1 sur [45]"), timeout=30_000
    )
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 800
    verify.get_by_text("délibération du conseil municipal", exact=True).click()
    expect(picture).to_have_attribute("alt", re.compile("L’acte, page 1 sur [12]"))
    blank = picture.get_attribute("src")
    verify.get_by_text("Pour une délibération : la séance et le vote").click()
    with verify.expect_response(VERIFY):
        verify.get_by_label("Secrétaire de séance").fill("Ludivine Sauvignon")
        verify.get_by_label("Membres en exercice").click()
    expect(picture).not_to_have_attribute("src", blank)
    verify.get_by_role("button", name="La convention", exact=True).click()
    expect(picture).to_have_attribute("alt", re.compile("La convention, page 1 sur [45]"))
    assert_accessible(verify)
    assert_fits(verify)


def test_what_stands_in_the_way_is_said_beside_the_form(verify):
    verify.locator("summary", has_text="SIRET et adresse").click()
    verify.get_by_label("Code postal").fill("abc")
    verify.get_by_label("Ville").click()
    said = verify.get_by_text(re.compile("corrigez.: Code postal"))
    expect(said).to_be_visible(timeout=30_000)


def test_a_telephone_has_the_buttons_and_draws_nothing(verify):
    verify.set_viewport_size(NARROW)
    asked = []
    verify.on("request", lambda request: asked.append(request.method))
    verify.goto(VERIFY)
    verify.get_by_text("décision du maire", exact=True).click()
    expect(verify.locator(".preview")).to_be_hidden()
    assert "POST" not in asked
    assert_fits(verify)
    assert_accessible(verify)


@pytest.mark.parametrize("has_script", [True, False])
def test_each_nature_hides_what_is_of_the_other_and_keeps_what_was_typed(new_context, has_script):
    page = new_context(java_script_enabled=has_script, locale="fr-FR").new_page()
    enter(page, "Mairie d’Agde")
    page.goto(VERIFY)
    delegation = page.get_by_text("Pour une décision : la délégation")
    sitting = page.get_by_text("Pour une délibération : la séance et le vote")
    expect(delegation).to_be_visible()
    expect(sitting).to_be_visible()
    page.get_by_text("délibération du conseil municipal", exact=True).click()
    expect(delegation).to_be_hidden()
    sitting.click()
    page.get_by_label("Secrétaire de séance").fill("Ludivine Sauvignon")
    page.get_by_text("décision du maire", exact=True).click()
    expect(sitting).to_be_hidden()
    expect(delegation).to_be_visible()
    page.get_by_text("délibération du conseil municipal", exact=True).click()
    expect(page.get_by_label("Secrétaire de séance")).to_have_value("Ludivine Sauvignon")
