"""Every page of a town hall, in every state of a file, as an eye would judge it: three widths."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from accounts.roles import Role
from typography import mend

from .conftest import assert_accessible, assert_fits
from .test_main_job import a_scan
from .test_three_minutes import link_of

pytestmark = pytest.mark.one_database

SEEN = Path(__file__).with_name("seen.js").read_text(encoding="utf-8")
WIDTHS = (1280, 390, 320)
# A file in every state (demonstration/files.py), and what is special in it.
FILES = {
    "sent": "30034",  # Its name told nowhere: no other test takes it further.
    "asked and answered": "34003",
    "accepted": "34344",
    "correction requested": "34153",
    "signed by the collectivity": "30350",
    "signed by the region": "48095",
    "signed": "65440",
    "terminated": "82121",
    "abandoned": "46042",
}
PAGES = (
    "",
    "renseignements/",
    "acte/",
    "acte/adapter/",
    "dates/",
    "signature/",
    "pieces/",
    "message/",
    "correction/",
    "resiliation/mise-en-demeure/",
    "resiliation/conciliation/",
    "resiliation/accord/",
    "resiliation/seconde-lettre/",
    "resiliation/resiliation/",
)
OTHERS = (
    "/conventions/",
    "/conventions/calendrier/",
    "/conventions/acces/34337/",
    "/conventions/titres/",
    "/conventions/2022-2023/34337/",
)


def faults_seen(page, where):
    """Return texts that overlap, are cut, or are not set as French is; wide and narrow."""
    faults = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found = page.evaluate(SEEN)
        faults += [f"{where}, {width} px: {over} overlap" for over in found["over"]]
        faults += [f"{where}, {width} px: {text!r} is cut" for text in found["cut"]]
        assert_fits(page)
    badly_set = [text for text in found["words"] if mend(text) != text]
    assert_accessible(page)
    return faults + [f"{where}: {text!r} is not set as French is" for text in badly_set]


def look(page, path):
    """Return the faults of a page, and of its form sent empty; none of one that is not open."""
    page.goto(path)
    if not page.url.endswith(path):
        return []
    faults = faults_seen(page, path)
    send = page.locator("main form[enctype] button[type=submit]").first
    if send.count():
        send.click()
        page.wait_for_load_state()
        faults += faults_seen(page, f"{path} sent empty")
    return faults


@pytest.mark.parametrize("state", FILES)
def test_a_file_pleases_in_every_state(visitor, state):
    page = visitor(Role.ADMINISTRATOR)
    assert [
        fault
        for name in PAGES
        for fault in look(page, f"/conventions/2026-2027/{FILES[state]}/{name}")
    ] == []


def test_what_is_around_the_files_pleases(visitor):
    page = visitor(Role.TOWN_HALL)
    assert [fault for path in OTHERS for fault in look(page, path)] == []


# --- Pages that one meets on the way ------------------------------------------
# Sent, and told nowhere either: two people work in each.
CORRECTED, CONFIRMED = "/conventions/2026-2027/12101/", "/conventions/2026-2027/12252/"


def correct_the_telephone(page, number):
    page.goto(f"{CONFIRMED}renseignements/")
    page.locator("summary", has_text="Pour vous joindre").click()
    page.get_by_label("Téléphone").fill(number)


def ask_for_a_correction(page, words):
    page.goto(f"{CORRECTED}correction/")
    page.get_by_text("Autre chose").click()
    page.get_by_label("Que faut-il corriger ?").fill(words)


def test_what_two_people_meet_pleases(visitor):
    """One writes, the other finds what changed; then the step itself is over."""
    mine, other = visitor(Role.ADMINISTRATOR), visitor(Role.RECTORAT)
    ask_for_a_correction(mine, "Une école a fermé. " * 40)
    ask_for_a_correction(other, "Une école a fermé.")
    other.get_by_role("button", name="Envoyer la demande").click()
    expect(other.get_by_text("Votre demande est envoyée")).to_be_visible()
    mine.get_by_label("Que faut-il corriger ?").press_sequentially(" Encore.")
    expect(mine.get_by_text("ce texte n’y est plus gardé")).to_be_visible()
    mine.get_by_role("button", name="Envoyer la demande").click()
    expect(mine.get_by_text("cette étape n’est plus ouverte")).to_be_visible()
    assert faults_seen(mine, "closed") == []


def test_what_another_wrote_meanwhile_pleases(visitor):
    mine, other = visitor(Role.ADMINISTRATOR), visitor(Role.RECTORAT)
    correct_the_telephone(mine, "04 67 00 00 01")
    correct_the_telephone(other, "04 67 00 00 02")
    other.get_by_role("button", name="Tout est exact").click()
    expect(other.get_by_text("Vos renseignements sont confirmés.").first).to_be_visible()
    mine.get_by_role("button", name="Tout est exact").click()
    expect(mine.get_by_text("le dossier a changé entre-temps")).to_be_visible()
    assert faults_seen(mine, "entre-temps") == []


def test_a_piece_being_withdrawn_and_once_it_is_pleases(visitor):
    page = visitor(Role.ADMINISTRATOR)
    file = f"/conventions/2026-2027/{FILES['signed by the collectivity']}/"
    page.goto(f"{file}pieces/")
    page.get_by_text("Autre pièce").click()
    page.get_by_label("Fichier").set_input_files(
        a_scan("un-nom-de-fichier-tres-long_" * 4 + ".pdf")
    )
    page.get_by_role("button", name="Joindre").click()
    page.get_by_role("link", name=re.compile("Retirer.*autre pièce")).click()
    faults = faults_seen(page, "withdrawal")
    page.get_by_label("Pourquoi").fill("Mauvais fichier")
    page.get_by_role("button", name="Retirer la pièce").click()
    expect(page.get_by_text("Mauvais fichier").first).to_be_visible()
    assert faults + faults_seen(page, "withdrawn") == []


def test_the_link_of_an_e_mail_and_what_it_does_not_open_please(visitor):
    page = visitor()
    link = link_of(page, "Villeneuve.*2022-2023.*signée par la région")
    faults = look(page, link)
    page.goto(link)
    page.get_by_role("button", name="Ouvrir le dossier").click()
    faults += faults_seen(page, "opened by a link")
    page.goto("/conventions/")
    expect(page.get_by_role("heading", name="Connectez-vous pour le reste")).to_be_visible()
    faults += faults_seen(page, "only file")
    for path in (link, "/conventions/lien/inconnu/"):
        page.context.clear_cookies()
        page.goto(path)
        faults += faults_seen(page, path)
    assert faults == []


def test_seeing_as_a_collectivity_pleases(visitor):
    page = visitor(Role.RECTORAT)
    faults = look(page, "/conventions/comme/34003/")
    page.get_by_label("Motif").fill("Appel de la mairie")
    page.locator("main button[type=submit]").click()
    page.goto("/conventions/2026-2027/34003/")
    assert faults + faults_seen(page, "seen as a collectivity") == []
