"""An agent's day: what waits is answered, the pile confirmed, the silent reminded; the day after."""

import datetime
import io
import re
from urllib.parse import urlsplit

import pypdfium2
import pytest
from playwright.sync_api import expect

from accounts.roles import Role

from .conftest import WIDE, assert_accessible, assert_fits, sign_in

pytestmark = pytest.mark.one_database

TODAY = datetime.date.today()  # noqa: DTZ011 (the browser's day is the machine's)
LIST = "/admin/conventions/convention/"
# The worker does it, on a machine that does much else.
WORKED = 60_000
UNREACHED = "Personne à qui écrire"


def seen(page):
    assert_accessible(page)
    assert_fits(page)


def scanned(paper):
    """The pages of a PDF as a scanner gives them back: pictures."""
    document = pypdfium2.PdfDocument(paper)
    pictures = [sheet.render(scale=2).to_pil().convert("RGB") for sheet in document]
    document.close()
    content = io.BytesIO()
    pictures[0].save(content, "PDF", save_all=True, append_images=pictures[1:], resolution=144)
    return content.getvalue()


def open_first_of_desk(page, words):
    """From the desk to the list of what waits, to its first file."""
    page.goto("/admin/")
    page.get_by_role("link", name=re.compile(words)).first.click()
    seen(page)
    page.locator("#result_list tbody th a").first.click()
    seen(page)


def answer_a_correction(page):
    open_first_of_desk(page, "de correction à traiter")
    waiting = page.url
    page.get_by_role("link", name="Envoyer à la collectivité").first.click()
    seen(page)
    page.get_by_label("Réponse à la collectivité").fill("C'est corrigé, voici la convention.")
    page.get_by_role("button", name="Envoyer à la collectivité").click()
    expect(page).to_have_url(re.compile(waiting.split("?")[0]))
    expect(page.get_by_text("C’est corrigé, voici la convention.").first).to_be_visible()
    expect(page.locator(".where .state").first).to_have_text("envoyée")
    seen(page)


def take_a_paper(page):
    """Download the convention of a file that waits for its signatures; return it and its file."""
    page.goto(f"{LIST}?state__in=accepted&papers=printed")
    page.locator("#result_list tbody th a").first.click()
    paper = page.get_by_role("link", name=re.compile("^Convention à signer")).first
    with page.expect_download() as found:
        paper.click()
    with open(found.value.path(), "rb") as file:
        return file.read(), page.url


def confirm_the_pile(page):
    paper, file = take_a_paper(page)
    page.goto("/admin/piles/pile/add/")
    seen(page)
    page.get_by_role("button", name="Déposer").click()
    expect(page.get_by_text("Choisissez au moins un fichier.")).to_be_visible()
    seen(page)
    pile = {"name": "courrier.pdf", "mimeType": "application/pdf", "buffer": scanned(paper)}
    page.get_by_label("Fichiers").set_input_files([pile])
    page.get_by_role("button", name="Déposer").click()
    confirm = page.get_by_role("button", name="Confirmer ces décisions")
    expect(confirm).to_be_visible(timeout=WORKED)
    page.get_by_label("Date de signature").fill(TODAY.isoformat())
    seen(page)
    confirm.click(timeout=WORKED)
    expect(page.get_by_text("1 document joint à son dossier.")).to_be_visible()
    expect(page.get_by_text("1 signature de collectivité enregistrée.")).to_be_visible()
    seen(page)
    page.goto(file)
    expect(page.locator(".where .state").first).to_have_text("signée par la collectivité")
    seen(page)


def remind_the_silent(page):
    """Remind whoever was sent a file; return the address of the report, and whom nothing reaches."""
    page.goto(f"{LIST}?state__in=sent")
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option(label="Relancer la collectivité")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Relancer la collectivité")
    announced = page.locator(".announced")
    expect(announced).to_contain_text(UNREACHED)
    missed = page.get_by_role("listitem").filter(has_text=re.compile(f"^ENT.*{UNREACHED}")).first
    name = re.match(r"\S+", missed.inner_text())[0]
    seen(page)
    page.get_by_role("button", name=re.compile("^Relancer la collectivité")).click()
    expect(page.get_by_role("link", name="Rapport (CSV)")).to_be_visible(timeout=WORKED)
    assert_reported(page, name)
    return urlsplit(page.url).path, name


def assert_reported(page, missed):
    expect(page.get_by_text(re.compile(r"^\s*Collectivités relancées\s:\s[1-9]"))).to_be_visible()
    left_out = page.get_by_role("row").filter(has_text=missed)
    expect(left_out).to_contain_text(UNREACHED)
    seen(page)


def test_from_the_desk_to_the_report_opened_again_the_next_day(visitor, site_url_next_day):
    page = visitor(Role.RECTORAT, WIDE)
    page.goto("/admin/")
    seen(page)
    answer_a_correction(page)
    confirm_the_pile(page)
    report, missed = remind_the_silent(page)
    # The next day, in a browser that knows nothing of it.
    page = visitor()
    sign_in(page, Role.RECTORAT, site_url_next_day)
    page.goto(f"{site_url_next_day}/admin/jobs/job/")
    expect(page.get_by_text(f"{TODAY:%d/%m/%Y}").first).to_be_visible()
    page.locator(f"#result_list a[href^='{report}']").click()
    assert_reported(page, missed)
