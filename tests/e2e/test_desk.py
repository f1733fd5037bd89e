"""An agent's desk and lists: from what waits to the page that does it; axe, whole at 1280 pixels."""

import pytest
from playwright.sync_api import expect

from accounts.roles import Role

from .conftest import assert_accessible, assert_fits

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
    "accounts/user/",
    "invitations/invitation/",
    "accounts/accessentry/",
]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
def test_every_list_is_whole_and_accessible(visitor, size):
    page = visitor(Role.ADMINISTRATOR, size)
    for path in ["", "recherche/?q=agde", *LISTS]:
        page.goto(f"/admin/{path}")
        assert_accessible(page)
        assert_fits(page)
        table = page.locator("#result_list")
        if table.count():
            box = table.bounding_box()
            assert box["x"] + box["width"] <= size["width"], f"{path} is cut"


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
