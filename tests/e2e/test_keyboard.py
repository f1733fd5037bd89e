"""From the e-mail to the return without a mouse, by those whose file is not the usual one.

A syndicat of 45 schools elected another president, takes a délibération, and has a deputy sign
it: on a telephone's width, each thing reached by Tab and done by Enter, Space or arrows.
"""

import re

import pytest
from playwright.sync_api import expect

from accounts.roles import Role

from .conftest import NARROW, assert_accessible, assert_fits
from .test_main_job import a_scan
from .test_three_minutes import TODAY, link_of

pytestmark = pytest.mark.one_database

SYNDICAT = "/conventions/2026-2027/200999001/"
FARTHEST = 150


class Keyboard:
    """Goes through a page as somebody without a mouse: forward, until it is there."""

    def __init__(self, page):
        self.page = page

    def reach(self, target):
        for _ in range(FARTHEST):
            self.page.keyboard.press("Tab")
            if target.evaluate("target => target === document.activeElement"):
                return
        pytest.fail(f"{target} is not reached by Tab on {self.page.url}")

    def press(self, role, name, key="Enter"):
        self.reach(self.page.get_by_role(role, name=name).first)
        self.page.keyboard.press(key)

    def unfold(self, words):
        self.reach(self.page.locator("summary", has_text=words).first)
        self.page.keyboard.press("Enter")

    def write(self, label, words):
        """In place of what is there: Tab selects it."""
        self.reach(self.page.get_by_role("textbox", name=label).first)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(words)

    def choose(self, name, words):
        """Of buttons of one name, the one of these words: arrows go from one to the next."""
        group = self.page.locator(f"[name={name}]")
        wanted = self.page.get_by_role("radio", name=words)
        for _ in range(FARTHEST):
            self.page.keyboard.press("Tab")
            if group.evaluate_all("all => all.includes(document.activeElement)"):
                break
        self.page.keyboard.press("Space")
        for _ in range(group.count()):
            if wanted.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        expect(wanted).to_be_checked()

    def drop(self, target, *papers):
        self.page.wait_for_load_state()
        self.reach(target)
        with self.page.expect_file_chooser() as chooser:
            self.page.keyboard.press("Enter")
        chooser.value.set_files(list(papers))


def assert_pleases(page):
    assert_accessible(page)
    assert_fits(page)


def test_the_e_mail_opens_the_file_by_keyboard_alone(visitor):
    page = visitor(viewport=NARROW)
    page.goto(link_of(page, "Agde.*2026-2027.*à vérifier et à signer"))
    Keyboard(page).press("button", "Ouvrir le dossier")
    expect(page.get_by_text("Commune d’Agde").first).to_be_visible()


def test_a_syndicat_goes_to_the_return_by_keyboard_alone(visitor):
    page = visitor(Role.ADMINISTRATOR, viewport=NARROW)
    keyboard = Keyboard(page)
    page.goto(SYNDICAT)
    keyboard.press("link", re.compile("^Vérifier"))
    expect(page.get_by_role("heading", name="Vérifier", exact=True)).to_be_visible()
    verify(page, keyboard)
    have_a_deputy_sign(page, keyboard)
    give_what_came_back(page, keyboard)


def verify(page, keyboard):
    expect(page.get_by_text("45 écoles")).to_be_visible()
    keyboard.unfold("Voir la liste des écoles")
    expect(page.locator(".file-schools > li")).to_have_count(45)
    keyboard.unfold("Corriger : Représentant")
    keyboard.write("Prénom", "Solange")
    keyboard.write(re.compile("Nom du représentant"), "ARNAL")
    keyboard.choose("kind", re.compile("^délibération"))
    keyboard.press("button", "Tout est exact, continuer")
    # Somebody else than last year: since when?
    keyboard.write("En fonction depuis le", f"{TODAY:%d%m%y}")
    assert_pleases(page)
    keyboard.press("button", "Tout est exact, continuer")
    expect(page.get_by_role("heading", name="Imprimer et signer")).to_be_visible()
    expect(page.get_by_text("Solange ARNAL").first).to_be_visible()
    assert_pleases(page)


def have_a_deputy_sign(page, keyboard):
    keyboard.press("link", re.compile("^Adapter le texte"))
    expect(page.get_by_role("heading", name="Adapter l’acte")).to_be_visible()
    keyboard.choose("signer", re.compile("une autre personne"))
    keyboard.write("Nom du signataire", "Claude Roux")
    keyboard.write("Qualité du signataire", "Le vice-président délégué")
    keyboard.write("Délégation de signature", "arrêté n° 2026-14 du 10 juillet 2026")
    assert_pleases(page)
    keyboard.press("button", "Enregistrer et produire le PDF")
    expect(page.get_by_text("Votre acte est enregistré.").first).to_be_visible()
    page.goto(f"{SYNDICAT}imprimer/")
    expect(page.get_by_text("Claude Roux, Le vice-président délégué")).to_be_visible()


def give_what_came_back(page, keyboard):
    keyboard.press("link", "Déposer les papiers signés")
    expect(page.get_by_role("heading", name="Retour des papiers signés")).to_be_visible()
    keyboard.drop(page.locator(".deposit-input"), a_scan("délibération.pdf"))
    keyboard.press("button", "Acte signé")
    expect(page.get_by_text(re.compile("Acte signé.: reçu et gardé"))).to_be_visible()
    keyboard.write("Numéro de l’acte", "2026-31")
    for label in ("Date de l’acte", "Acte déposé en préfecture le", "Acte publié le"):
        keyboard.write(label, f"{TODAY:%d/%m/%y}")
    assert_pleases(page)
    keyboard.press("button", "Enregistrer")
    expect(page.get_by_text(f"depuis le {TODAY:%d/%m/%Y}").first).to_be_visible()
    assert_pleases(page)
