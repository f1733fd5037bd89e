"""An agent's desk and lists: from what waits to the page that does it; axe, whole at 1280 pixels."""

import pytest
from playwright.sync_api import expect

from accounts.roles import Role

from .conftest import NARROW, assert_accessible, assert_fits

pytestmark = pytest.mark.one_database

SIZES = [{"width": 1280, "height": 900}, {"width": 1600, "height": 900}]
LISTS = [
    "conventions/convention/",
    "conventions/convention/?state__in=sent,prepared&sent_from=2026-01-01",
    "conventions/enrolment/",
    "campaigns/campaign/",
    "jobs/job/",
    "piles/pile/",
    "documents/document/",
    "documents/textmodel/",
    "lifecycle/journalentry/",
    "exchanges/notification/",
    "schools/school/",
    "communes/collectivity/",
    "communes/commune/",
    "communes/formercode/",
    "communes/department/",
    "communes/academy/",
    "communes/region/",
    "contacts/proposedmayor/",
    "accounts/user/",
    "invitations/invitation/",
    "accounts/accessentry/",
]

# The page of the first row of each.
FIRST_OF = [
    "conventions/enrolment",
    "conventions/convention",
    "documents/document",
    "lifecycle/journalentry",
    "exchanges/notification",
    "schools/school",
    "communes/collectivity",
    "communes/commune",
    "communes/department",
    "documents/textmodel",
    "accounts/user",
]


def assert_pleases(page, size):
    """Fail unless the page is accessible, and whole at that size; of a wide one, at both."""
    assert_accessible(page)
    for each in [size] if size == NARROW else SIZES:
        page.set_viewport_size(each)
        assert_fits(page)
        table = page.locator("#result_list")
        if each != NARROW and table.count():
            box = table.bounding_box()
            assert box["x"] + box["width"] <= each["width"], f"{page.url} is cut"
    page.set_viewport_size(size)


def test_every_list_is_whole_and_accessible(visitor):
    page = visitor(Role.ADMINISTRATOR, SIZES[0])
    for path in ["", "recherche/?q=agde", *LISTS]:
        page.goto(f"/admin/{path}")
        assert_pleases(page, SIZES[0])


@pytest.mark.parametrize("size", [SIZES[0], NARROW], ids=lambda size: str(size["width"]))
def test_pages_of_one_thing_and_of_a_campaign_are_accessible_and_fit(visitor, size):
    page = visitor(Role.RECTORAT, size)
    page.goto("/admin/campaigns/campaign/")
    campaign = page.locator("#result_list th a").first.get_attribute("href").split("/change/")[0]
    for step in ("change", "board", "map", "enrol", "prepare", "print", "renew", "close"):
        page.goto(f"{campaign}/{step}/")
        assert_pleases(page, size)
    for path in FIRST_OF:
        page.goto(f"/admin/{path}/")
        page.locator("#result_list tbody a[href*='/change/']").first.click()
        page.wait_for_load_state()
        assert_pleases(page, size)
    for path in ("communes/collectivity/add/", "invitations/invitation/add/"):
        page.goto(f"/admin/{path}")
        assert_pleases(page, size)


@pytest.mark.parametrize("size", [SIZES[0], NARROW], ids=lambda size: str(size["width"]))
def test_answers_to_what_is_sent_are_accessible_and_fit(visitor, size):
    page = visitor(Role.RECTORAT, size)
    # Proposed already, the mayor of the other size would change nothing.
    name = "ROUSSEL" if size == NARROW else "ROUX"
    mayors = f"Code de la commune;Nom;Prénom;Date de début\n34003;{name};Paul;2026-03-28\n"
    for content, button in (("x;y\n1;2\n", None), (mayors, "Importer")):
        page.goto("/admin/contacts/proposedmayor/import/")
        file = {"name": "a.csv", "mimeType": "text/csv", "buffer": content.encode()}
        page.get_by_label("Fichier").set_input_files(file)
        page.get_by_role("button", name="Voir ce qui changerait").click()
        page.wait_for_load_state()
        assert_accessible(page)
        assert_fits(page)
        if button:
            page.get_by_role("button", name=button).click()
    page.goto("/admin/contacts/proposedmayor/")
    for action in ("apply_proposals", "refuse_proposals"):
        page.locator("input[name=_selected_action]").first.check()
        page.locator("select[name=action]").select_option(action)
        page.get_by_role("button", name="Continuer").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("les maires proposés")
        assert_accessible(page)
        assert_fits(page)
        page.get_by_role("link", name="Annuler").click()
    page.goto("/admin/communes/collectivity/?q=agde")
    page.get_by_role("link", name="Agde", exact=True).click()
    expect(page.get_by_role("heading", name="Un maire est proposé")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    for path in ("communes/collectivity", "invitations/invitation"):
        page.goto(f"/admin/{path}/add/")
        page.locator("form[id$=_form]").evaluate("form => { form.noValidate = true }")
        page.locator("input[name=_save]").click()
        page.locator(".errornote").wait_for()
        assert_accessible(page)
        assert_fits(page)


def test_from_what_waits_to_the_page_that_does_it(visitor):
    page = visitor(Role.RECTORAT, SIZES[0])
    page.goto("/admin/")
    page.get_by_role("link", name="à relire et à envoyer").click()
    expect(page.get_by_role("list", name="Cette liste montre")).to_contain_text("À envoyer")
    for words in ("Filtrer", "Vues", "Colonnes", "Exporter"):
        page.locator(".list-bar summary", has_text=words).click()
        assert_accessible(page)
    page.keyboard.press("Escape")
    page.goto(page.url)
    page.get_by_role("button", name="Envoyer à la collectivité").click()
    expect(page.get_by_role("heading", name="Envoyer à la collectivité")).to_be_visible()
    assert_accessible(page)
    page.go_back()
    page.locator("#result_list tbody th a").first.click()
    page.get_by_role("link", name="Dossier suivant").click()
    expect(page.get_by_role("navigation", name="Dans la liste")).to_contain_text("2 sur")
    assert_accessible(page)
    page.get_by_role("link", name="Confier à un agent").click()
    assert_accessible(page)
    page.get_by_label("Agent").select_option(index=1)
    page.get_by_role("button", name="Confier").click()
    expect(page.get_by_text("confiés à")).to_be_visible()
    assert_accessible(page)
