"""The text of an act as paragraphs: whatever ships comes out as it went in, and each step is undone."""

from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.utils.html import escape
from playwright.sync_api import expect

from documents.wording.texts import TEXTS_DIR

SHIPPED = sorted(TEXTS_DIR.glob("*.md"))
FIELD = '<code data-field="{{ collectivite }}" data-value="la commune"></code>'
WORD_HTML = "<p class=MsoNormal>…</p>"


@pytest.fixture
def write(browser):
    """Open the editor on a text: a page that stands alone."""
    pages = []

    def open_on(text):
        page = browser.new_page()
        pages.append(page)
        scripts = [
            Path(finders.find(name)).read_text() for name in ("text_editor.js", "paragraphs.js")
        ]
        style = Path(finders.find("text_editor.css")).read_text()
        page.set_content(
            "<label for=text>Texte</label>"
            f"<textarea id=text class=text-body data-paragraphs>\n{escape(text)}</textarea>{FIELD}"
            f"<style>{style}</style><script>{''.join(scripts)}</script>"
        )
        return page

    yield open_on
    for page in pages:
        page.close()


def paste(page, text, html=""):
    """Paste what another program has put on the clipboard."""
    page.evaluate(
        """([text, html]) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            if (html) clipboardData.setData("text/html", html);
            document.activeElement.dispatchEvent(
                new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""",
        [text, html],
    )


def source(page):
    return page.locator("textarea").input_value()


def at_the_end_of(page, number):
    page.get_by_role("textbox").nth(number - 1).press("Control+End")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_text_goes_through_unchanged(write, path):
    page = write(path.read_text().split("---\n", 2)[2])
    before = source(page)
    at_the_end_of(page, 1)
    page.keyboard.type("x")
    assert source(page) != before
    page.keyboard.press("Backspace")
    assert source(page) == before


# --- Undone ------------------------------------------------------------------
def test_a_field_that_was_inserted_is_undone_and_done_again(write):
    page = write("Vu l'avis de \n\nArticle")
    at_the_end_of(page, 1)
    page.get_by_role("button", name="Insérer").click()
    with_field = "Vu l'avis de {{ collectivite }}\n\nArticle"
    assert source(page) == with_field
    page.keyboard.press("Control+z")
    assert source(page) == "Vu l'avis de \n\nArticle"
    expect(page.locator(".text-chip")).to_have_count(0)
    page.keyboard.press("Control+Shift+z")
    assert source(page) == with_field
    expect(page.locator(".text-chip")).to_have_text("la commune")


def test_words_paragraphs_cut_and_joined_are_undone_one_by_one(write):
    page = write("Un\n\nDeux")
    at_the_end_of(page, 1)
    page.keyboard.type(" beau jour")
    page.keyboard.press("Enter")
    page.keyboard.type("Trois")
    assert source(page) == "Un beau jour\n\nTrois\n\nDeux"
    for expected in ("Un beau jour\n\nDeux", "Un beau jour\n\nDeux", "Un beau \n\nDeux"):
        page.keyboard.press("Control+z")
        assert source(page) == expected
    for _ in range(4):
        page.keyboard.press("Control+z")
    assert source(page) == "Un\n\nDeux"
    page.get_by_role("textbox").nth(1).press("Control+Home")
    page.keyboard.press("Backspace")
    assert source(page) == "UnDeux"
    page.keyboard.press("Control+z")
    assert source(page) == "Un\n\nDeux"


def test_the_caret_comes_back_to_where_it_was(write):
    page = write("Un {{ collectivite }} deux\n\nTrois")
    at_the_end_of(page, 1)
    page.keyboard.type(" x")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+z")
    page.keyboard.type("y")
    assert source(page) == "Un {{ collectivite }} deux xy\n\nTrois"


def test_empty_paragraphs_do_not_lead_the_caret_astray(write):
    page = write("Un")
    at_the_end_of(page, 1)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.type("x")
    assert source(page) == "Un\n\nx"
    page.keyboard.press("Control+z")
    page.keyboard.type("y")
    assert source(page) == "Un\n\ny"


# --- Pasted --------------------------------------------------------------------
def test_what_word_puts_on_the_clipboard_becomes_paragraphs_lists_and_tables(write):
    page = write("Vu le code ;\n\nFin")
    at_the_end_of(page, 1)
    text = (
        "Considérant * l'intérêt ;\r\n# Article\r\n•\tun\r\n•\tdeux\r\n1.\tpremier\r\n"
        "École\tMontant\r\nJaurès\t45 €\r\nFait à Agde.\r\n"
    )
    paste(page, text, WORD_HTML)
    assert source(page) == (
        "Vu le code ;\n\nConsidérant \\* l'intérêt ;\n\n\\# Article\n\n- un\n- deux\n1. premier\n\n"
        "| École | Montant |\n| --- | --- |\n| Jaurès | 45 € |\n\nFait à Agde.\n\nFin"
    )
    page.keyboard.press("Control+z")
    assert source(page) == "Vu le code ;\n\nFin"


def test_a_few_words_are_pasted_where_the_caret_is_in_one_line(write):
    page = write("Vu le code\n\nFin")
    page.get_by_role("textbox").first.press("Control+Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    paste(page, " donc\n", WORD_HTML)
    assert source(page) == "Vudonc le code\n\nFin"


def test_a_field_that_is_copied_is_pasted_as_a_field(write):
    page = write("Vu {{ collectivite }}\n\nFin ")
    page.get_by_role("textbox").first.press("Control+a")
    page.keyboard.press("Control+c")
    at_the_end_of(page, 2)
    page.keyboard.press("Control+v")
    assert source(page) == "Vu {{ collectivite }}\n\nFin Vu {{ collectivite }}"


def test_copying_nothing_leaves_the_clipboard_as_it_was(write):
    page = write("Vu {{ collectivite }}\n\nFin ")
    page.get_by_role("textbox").first.press("Control+a")
    page.keyboard.press("Control+c")
    at_the_end_of(page, 2)
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+x")
    page.keyboard.press("Control+v")
    assert source(page) == "Vu {{ collectivite }}\n\nFin Vu {{ collectivite }}"


# --- Lists and tables ------------------------------------------------------------
def test_enter_continues_a_list_and_an_empty_item_ends_it(write):
    page = write("1. un\n\nFin")
    expect(page.get_by_role("textbox", name="Liste 1")).to_be_visible()
    at_the_end_of(page, 1)
    page.keyboard.press("Enter")
    page.keyboard.type("deux")
    assert source(page) == "1. un\n2. deux\n\nFin"
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.type("Suite")
    assert source(page) == "1. un\n2. deux\n\nSuite\n\nFin"


def test_enter_in_a_table_begins_its_next_row(write):
    page = write("| a | b |\n| --- | --- |\n| 1 | 2 |\n\nFin")
    expect(page.get_by_role("textbox", name="Tableau 1")).to_be_visible()
    at_the_end_of(page, 1)
    page.keyboard.press("Enter")
    page.keyboard.type("3 | 4 |")
    assert source(page) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |\n\nFin"
