"""Papers that come back: dropped, asked about, and never lost with the page."""

import re

import pytest
from playwright.sync_api import expect

from accounts.roles import Role

from .conftest import NARROW, assert_accessible, assert_fits, fill_sign_in
from .test_main_job import a_scan

pytestmark = pytest.mark.one_database

# La Grande-Motte: confirmed, its papers printed.
FILE = "/conventions/2026-2027/34344/"
ANYWAY = "Ajouter quand même, non signé"
# A paper is read by a process of its own: milliseconds, on a machine at work.
READ = 30_000


def unsigned(page):
    """The convention to sign, downloaded as it is."""
    page.goto(f"{FILE}imprimer/")
    with page.expect_download() as found:
        page.get_by_role("link", name=re.compile("^Convention à signer")).click()
    with open(found.value.path(), "rb") as file:
        return {"name": "à-signer.pdf", "mimeType": "application/pdf", "buffer": file.read()}


def test_an_unsigned_paper_that_is_dropped_is_asked_about_and_waits_in_the_page(visitor):
    page = visitor(Role.ADMINISTRATOR, viewport=NARROW)
    paper = unsigned(page)
    page.goto(f"{FILE}retour/")
    page.locator(".deposit-input").set_input_files([paper, a_scan("inconnu.pdf")])
    expect(page.get_by_role("group", name=re.compile("L’ajouter quand même"))).to_be_visible(
        timeout=READ
    )
    expect(page.get_by_role("group", name=re.compile("Quel est-il"))).to_be_visible(timeout=READ)
    assert_accessible(page)
    assert_fits(page)
    # Sent too soon, the form waits for the answers: a paper is not lost by it.
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("dites d’abord quoi faire de ce papier")).to_be_visible()
    page.get_by_role("button", name="Ne pas l’ajouter").last.click()
    page.get_by_role("button", name=ANYWAY).click()
    expect(page.get_by_text(re.compile("Convention signée.: reçu et gardé"))).to_be_visible()
    page.reload()
    expect(page.get_by_text("il ne compte pas comme copie signée")).to_be_visible()
    assert_fits(page)


def test_without_javascript_it_is_asked_about_and_not_chosen_again(new_context, sign_in_once):
    state = sign_in_once(Role.ADMINISTRATOR)
    page = new_context(java_script_enabled=False, storage_state=state).new_page()
    paper = unsigned(page)
    page.goto(f"{FILE}pieces/")
    page.get_by_label("Fichier").set_input_files(paper)
    page.get_by_text("Acte signé").click()
    page.get_by_role("button", name="Joindre").click()
    expect(page.get_by_text("Exemplaire non signé")).to_be_visible()
    expect(page.get_by_text("à-signer.pdf")).to_be_visible()
    page.get_by_role("button", name=ANYWAY).click()
    expect(page.get_by_text("La pièce est jointe au dossier.")).to_be_visible()


def test_a_paper_dropped_once_the_session_has_ended_waits_in_the_page_and_is_sent_again(
    new_context, sign_in_once
):
    context = new_context(storage_state=sign_in_once(Role.ADMINISTRATOR))
    page = context.new_page()
    page.goto(f"{FILE}retour/")
    context.clear_cookies(name="sessionid")
    page.locator(".deposit-input").set_input_files([a_scan("acte.pdf")])
    expect(page.get_by_text("Votre session a pris fin")).to_be_visible()
    assert_accessible(page)
    with context.expect_page() as opened:
        page.get_by_role("link", name="connectez-vous").click()
    fill_sign_in(opened.value, Role.ADMINISTRATOR)
    page.get_by_role("button", name="Envoyer de nouveau").click()
    expect(page.get_by_role("group", name=re.compile("Quel est-il"))).to_be_visible(timeout=READ)


def test_a_paper_that_does_not_arrive_waits_in_the_page(visitor):
    page = visitor(Role.ADMINISTRATOR)
    page.goto(f"{FILE}retour/")
    page.route("**/depot/", lambda route: route.abort())
    page.locator(".deposit-input").set_input_files([a_scan("acte.pdf")])
    expect(page.get_by_text("Ce papier n’a pas été reçu")).to_be_visible()
    page.unroute("**/depot/")
    page.get_by_role("button", name="Envoyer de nouveau").click()
    expect(page.get_by_role("group", name=re.compile("Quel est-il"))).to_be_visible(timeout=READ)
