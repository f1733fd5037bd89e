"""The text of an act as paragraphs: whatever ships comes out as it went in."""

from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.utils.html import escape

from documents.wording.texts import TEXTS_DIR

SHIPPED = sorted(TEXTS_DIR.glob("*.md"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_text_goes_through_unchanged(browser, path):
    text = path.read_text().split("---\n", 2)[2]
    page = browser.new_page()
    script = Path(finders.find("paragraphs.js")).read_text()
    page.set_content(
        f"<label for=text>Texte</label><textarea id=text data-paragraphs>\n{escape(text)}</textarea>"
        '<code data-field="{{ collectivite }}" data-value="la commune"></code>'
        f"<script>{script}</script>"
    )
    source = page.locator("textarea")
    before = source.input_value()
    first = page.get_by_role("textbox").first
    first.press("Control+End")
    page.keyboard.type("x")
    assert source.input_value() != before
    page.keyboard.press("Backspace")
    assert source.input_value() == before
    page.close()
