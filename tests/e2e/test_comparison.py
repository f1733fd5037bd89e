"""A copy that was completed after it was signed: both sides see what was signed beside it."""

import pytest
from playwright.sync_api import expect

from accounts.roles import Role
from tests.documents.certificates import mayor, sign
from tests.documents.test_signatures import issued, replace_page, updated

from .conftest import NARROW, WIDE, assert_accessible, assert_fits

pytestmark = pytest.mark.one_database

FILE = "/conventions/2022-2023/34337/"


# Signed before the browser starts: pyHanko wants a loop of its own (docs/decisions/0007).
CHANGED_COPY = {
    "name": "convention signée.pdf",
    "mimeType": "application/pdf",
    "buffer": updated(sign(issued(), mayor()), replace_page),
}


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_copy_is_compared_with_what_was_signed_on_both_sides(visitor, viewport):
    page = visitor(Role.TOWN_HALL, viewport)
    page.goto(f"{FILE}pieces/")
    page.get_by_text("Autre pièce").click()
    page.get_by_label("Fichier").set_input_files(CHANGED_COPY)
    page.get_by_role("button", name="Joindre").click()
    expect(page.get_by_text("fichier modifié après la signature").first).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("link", name="Comparer ce qui a été signé").first.click()
    address = page.url
    for reader in (page, visitor(Role.RECTORAT, viewport)):
        reader.goto(address)
        pictures = reader.locator("figure img")
        expect(pictures).to_have_count(2)
        for picture in pictures.all():
            picture.scroll_into_view_if_needed()
            expect(picture).to_have_js_property("complete", True)
            assert picture.evaluate("image => image.naturalWidth") > 500
        assert_accessible(reader)
        assert_fits(reader)
