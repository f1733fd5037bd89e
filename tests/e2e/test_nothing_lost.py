"""What a secretary typed comes back: a session that ends, an error, two tabs, a closed browser."""

import pytest
from playwright.sync_api import expect

from accounts.roles import Role

from .conftest import NARROW, assert_accessible, assert_fits, enter
from .test_main_job import a_scan

pytestmark = pytest.mark.one_database

AGDE = "/conventions/2026-2027/34003/"
WORDS = "L’école Jules-Ferry a fermé en juillet."
KEPT = "Brouillon gardé à"


@pytest.fixture
def agde(visitor):
    """Two tabs of the town hall of Agde, in one browser."""
    page = visitor()
    enter(page, "Mairie d’Agde")
    return page


def write(page, words=WORDS):
    page.goto(f"{AGDE}message/")
    # An own act may be as long as that, which no file here has at hand.
    page.get_by_label("Votre message").evaluate("box => box.removeAttribute('maxlength')")
    page.get_by_label("Votre message").fill(words)


def throw_away(page):
    page.goto(f"{AGDE}message/")
    page.get_by_role("button", name="Effacer cette saisie").click()


def test_a_session_that_ends_loses_nothing(agde):
    write(agde)
    agde.context.clear_cookies(name="sessionid")
    agde.get_by_role("button", name="Envoyer").click()
    expect(agde.get_by_text("Votre session avait pris fin")).to_be_visible()
    agde.get_by_role("button", name="Mairie d’Agde").click()
    expect(agde.get_by_label("Votre message")).to_have_value(WORDS)
    expect(agde.get_by_text("Voici ce que vous aviez saisi")).to_be_visible()
    assert_accessible(agde)
    agde.set_viewport_size(NARROW)
    assert_fits(agde)
    throw_away(agde)


def test_a_closed_browser_loses_nothing(agde, visitor):
    write(agde)
    expect(agde.get_by_text(KEPT)).to_be_visible()
    agde.context.close()
    again = visitor()
    enter(again, "Mairie d’Agde")
    again.goto(f"{AGDE}message/")
    expect(again.get_by_label("Votre message")).to_have_value(WORDS)
    throw_away(again)


def test_a_page_left_at_once_loses_nothing(agde):
    write(agde)
    # What is sent as a page closes may reach the site after the next page is asked for.
    for _ in range(10):
        agde.goto("/conventions/")
        agde.goto(f"{AGDE}message/")
        if agde.get_by_label("Votre message").input_value():
            break
    expect(agde.get_by_label("Votre message")).to_have_value(WORDS)
    throw_away(agde)


def test_a_text_longer_than_what_outlives_a_page_is_kept_as_it_is_typed(agde):
    long = "é" * 40_000
    write(agde, long)
    expect(agde.get_by_text(KEPT)).to_be_visible(timeout=15_000)
    agde.goto(f"{AGDE}message/")
    kept = agde.get_by_label("Votre message").input_value()
    assert (len(kept), set(kept)) == (len(long), {"é"})
    throw_away(agde)


def test_a_long_text_that_is_not_kept_yet_is_not_left_without_a_word(agde):
    asked = []
    agde.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    # However long the test takes to leave, nothing is kept before.
    agde.route(
        f"**{AGDE}message/",
        lambda route: route.abort() if route.request.method == "POST" else route.continue_(),
    )
    write(agde, "Bonjour")
    # The browser asks for who has touched the page only.
    agde.get_by_label("Votre message").press_sequentially(".")
    agde.get_by_label("Votre message").fill("é" * 40_000)
    agde.get_by_role("link", name="Annuler").click()
    agde.wait_for_url(AGDE)
    assert asked == ["beforeunload"]


def test_an_error_keeps_the_file_that_was_chosen(agde):
    agde.goto(f"{AGDE}pieces/")
    agde.get_by_label("Fichier").set_input_files(a_scan("arrêté.pdf"))
    agde.get_by_role("button", name="Joindre").click()
    expect(agde.get_by_text("arrêté.pdf")).to_be_visible()
    assert_accessible(agde)
    agde.get_by_text("Autre pièce").click()
    agde.get_by_role("button", name="Joindre").click()
    expect(agde.get_by_text("La pièce est jointe au dossier.")).to_be_visible()


def test_two_people_see_what_the_other_wrote_and_both_get_through(agde, visitor):
    agde.goto(f"{AGDE}message/")
    agent = visitor(Role.ADMINISTRATOR)
    agent.goto(f"{AGDE}message/")
    for page, words in ((agent, "Bonjour."), (agde, WORDS)):
        page.get_by_text("Autre chose").click()
        page.get_by_label("Votre message").fill(words)
    agent.get_by_role("button", name="Envoyer").click()
    expect(agent.get_by_text("Votre message est envoyé.")).to_be_visible()
    agde.get_by_role("button", name="Envoyer").click()
    expect(agde.get_by_text(WORDS).first).to_be_visible()


def test_without_javascript_a_button_keeps_the_draft(new_context):
    page = new_context(java_script_enabled=False).new_page()
    enter(page, "Mairie d’Agde")
    write(page)
    page.get_by_role("button", name="Garder comme brouillon").click()
    expect(page.get_by_text(KEPT)).to_be_visible()
    expect(page.get_by_label("Votre message")).to_have_value(WORDS)
    throw_away(page)
