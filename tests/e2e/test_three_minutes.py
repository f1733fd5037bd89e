"""From the e-mail to the papers in hand, and to everything recorded: counted, not felt.

As a secretary who never read anything: by the link of her e-mail, with what the pages say.
"""

import datetime
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from accounts.roles import Role
from tests import event_loop
from tests.documents.certificates import mayor, sign

from .conftest import NARROW, assert_accessible, assert_fits, watch

TODAY = datetime.date.today()  # noqa: DTZ011 (the browser's day is the machine's)
CLICKS_TO_PAPERS, FIELDS_TO_PAPERS, CLICKS_IN_ALL = 8, 3, 13


class Secretary:
    """Clicks and fills, and counts both."""

    def __init__(self, page):
        self.page = page
        self.clicks = self.fields = 0

    def click(self, role, name):
        self.clicks += 1
        self.page.get_by_role(role, name=name).first.click()

    def fill(self, label, value):
        self.fields += 1
        self.page.get_by_label(label).fill(value)

    def choose(self, words):
        self.clicks += 1
        self.page.get_by_text(words, exact=True).click()

    def take(self, name):
        """Download a paper and return its bytes."""
        with self.page.expect_download() as found:
            self.click("link", name)
        with open(found.value.path(), "rb") as file:
            return file.read()

    def drop(self, *papers):
        self.clicks += 1
        self.page.locator(".deposit-input").set_input_files(list(papers))


def link_of(page, about):
    """The address that the last e-mail `about` something holds, as its reader sees it."""
    found = page.get_by_role("link", name=re.compile(about))
    # The tests before may have written many others.
    for number in range(1, 20):
        page.goto(f"/courriels/?page={number}")
        if found.count():
            break
    found.first.click()
    link = page.frame_locator("iframe").get_by_role("link", name="Ouvrir le dossier")
    return urlsplit(link.get_attribute("href")).path


def a_paper(name, content):
    return {"name": name, "mimeType": "application/pdf", "buffer": content}


def to_the_papers(secretary, link):
    """The e-mail is opened; return the act and the convention to be signed."""
    page = secretary.page
    secretary.clicks += 1  # On the link, in the e-mail.
    page.goto(link)
    assert_accessible(page)
    assert_fits(page)
    secretary.click("button", "Ouvrir le dossier")
    assert_accessible(page)
    assert_fits(page)
    secretary.click("link", "Vérifier")
    assert_accessible(page)
    assert_fits(page)
    secretary.choose("décision du maire")
    secretary.click("button", "Tout est exact")
    expect(page.get_by_role("heading", name="Imprimer et signer")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    papers = secretary.take(re.compile("acte")), secretary.take(re.compile("^Convention à signer"))
    assert secretary.clicks <= CLICKS_TO_PAPERS
    assert secretary.fields <= FIELDS_TO_PAPERS
    return papers


@pytest.fixture
def anybody(new_context):
    problems = []

    def visit(**options):
        context = new_context(locale="fr-FR", **options)
        context.set_default_timeout(15_000)
        page = context.new_page()
        watch(page, problems)
        return page

    yield visit
    assert not problems


def signed(paper):
    """Signed electronically, as a mayor's software does; pyHanko wants a loop of its own."""
    with event_loop.set_aside():
        return sign(paper, mayor())


def test_from_the_e_mail_to_everything_recorded(anybody):
    """On a telephone, for a commune that signs for the first time: nothing is filled in."""
    page = anybody(viewport=NARROW)
    secretary = Secretary(page)
    act, convention = to_the_papers(secretary, link_of(page, "Agde.*2026-2027.*à vérifier"))
    secretary.click("link", "Déposer les papiers signés")
    secretary.drop(a_paper("acte.pdf", signed(act)), a_paper("convention.pdf", signed(convention)))
    expect(page.get_by_text(re.compile("Acte signé.: reçu"))).to_be_visible(timeout=30_000)
    expect(page.get_by_text(re.compile("Convention signée.: reçu"))).to_be_visible(timeout=30_000)
    secretary.fill("Numéro de l’acte", "2026DECAD301")
    for label in (
        "Date de l’acte",
        "Convention signée le",
        "Acte déposé en préfecture le",
        "Acte publié le",
    ):
        secretary.fill(label, TODAY.isoformat())
    assert_accessible(page)
    assert_fits(page)
    secretary.click("button", "Enregistrer")
    expect(page.get_by_text(f"depuis le {TODAY:%d/%m/%Y}").first).to_be_visible()
    expect(page.get_by_text("signée par vous").first).to_be_visible()
    assert_fits(page)
    assert secretary.clicks <= CLICKS_IN_ALL


@pytest.mark.one_database
def test_without_javascript_everything_opens(anybody, sign_in_once):
    page = anybody(java_script_enabled=False, storage_state=sign_in_once(Role.TOWN_HALL))
    page.goto("/conventions/2022-2023/34337/retour/")
    expect(page.get_by_label("Convention signée", exact=False).first).to_be_visible()
    page.goto("/conventions/2022-2023/34337/dates/")
    expect(page.get_by_label("Acte retiré le", exact=False)).to_be_visible()
    page.goto("/conventions/2022-2023/34337/")
    expect(page.get_by_text("Convention envoyée à la collectivité")).to_be_visible()
    page.get_by_text("Voir la liste des écoles").click()
    expect(page.get_by_role("link", name="Convention à signer")).to_be_visible()


@pytest.mark.one_database
def test_without_javascript_the_menu_of_a_telephone_is_open(anybody, sign_in_once):
    state = sign_in_once(Role.TOWN_HALL)
    page = anybody(java_script_enabled=False, storage_state=state, viewport=NARROW)
    page.goto("/conventions/2022-2023/34337/")
    expect(page.get_by_role("link", name="Mes titres")).to_be_visible()
    expect(page.get_by_role("button", name="Se déconnecter")).to_be_visible()
    expect(page.get_by_role("button", name="Menu")).to_be_hidden()
    assert_fits(page)


@pytest.mark.one_database
def test_without_javascript_the_link_opens_the_file_and_its_papers_are_printed(anybody):
    page = anybody(java_script_enabled=False)
    page.goto(link_of(page, "Villeneuve.*2022-2023.*à vérifier"))
    page.get_by_role("button", name="Ouvrir le dossier").click()
    expect(page.get_by_text("Voir la liste des écoles")).to_be_visible()
    page.goto("/conventions/2022-2023/34337/imprimer/")
    expect(page.get_by_role("heading", name="Imprimer et signer")).to_be_visible()
    with page.expect_download() as found:
        page.get_by_role("link", name=re.compile("^Convention à signer")).click()
    with open(found.value.path(), "rb") as file:
        assert file.read(5) == b"%PDF-"
