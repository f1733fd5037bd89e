"""A titre from its batch to the money received, by finance alone, through a return of the accountant."""

import datetime
import re

import pytest
from playwright.sync_api import expect

from accounts.roles import Role

from .conftest import assert_accessible, assert_fits
from .test_main_job import download, record_entry

pytestmark = pytest.mark.one_database

TODAY = datetime.date.today()  # noqa: DTZ011 (the browser's day is the machine's)
# Tarbes: signed by both, nothing asked of it yet.
CLAIM = "/titres/creances/2026-2027/65440/"
TITRE = "TP-2026-65440"


def seen(page):
    assert_accessible(page)
    assert_fits(page)


def euros(text):
    """Read an amount as the pages show it, « 1 080,00 € », in cents."""
    return int(re.sub(r"\D", "", text))


def request_in_a_batch(page):
    """Ask for what is due in the Hautes-Pyrénées; the copy that is not on file wants a reason."""
    page.goto("/titres/lots/listes/nouvelle/")
    page.get_by_label("Département").select_option("65")
    page.get_by_role("button", name="Établir la liste").click()
    seen(page)
    page.get_by_role("button", name="Tout décocher").click()
    line = page.get_by_role("row").filter(has_text="Tarbes")
    line.get_by_role("checkbox").check(force=True)
    line.get_by_label(re.compile("Motif pour passer outre")).fill("Vue au dossier papier.")
    page.get_by_role("button", name="Demander les lignes cochées").click()
    seen(page)
    page.get_by_role("button", name="Demander ces titres").click()
    expect(page.get_by_text("est fait")).to_be_visible()
    seen(page)


def import_a_return(page):
    """Number it, pay for a part of it; a row about nobody's titre waits for a person."""
    day = f"{TODAY:%d/%m/%Y}"
    rows = (
        "Référence interne;Statut;Numéro du titre;Date;Montant;Notifié le",
        f"{TITRE};Émis;650001;{day};;{day}",
        f"{TITRE};Encaissé;650001;{day};40,00;",
        f"TP-2026-00000;Encaissé;;{day};45,00;",
    )
    content = "\r\n".join(rows).encode("cp1252")
    page.goto("/titres/retours/")
    page.get_by_label("Retour du comptable").set_input_files(
        {"name": "retour.csv", "mimeType": "text/csv", "buffer": content}
    )
    page.get_by_role("button", name="Déposer et lire").click()
    expect(page.get_by_label("« Encaissé » veut dire")).to_have_value("received")
    seen(page)
    page.get_by_role("button", name="Retenir et voir ce qui serait appliqué").click()
    expect(page.get_by_text("Rien n’est encore appliqué")).to_be_visible()
    seen(page)
    page.get_by_role("button", name="Appliquer ce retour").click()
    expect(page.get_by_text("Écritures enregistrées : 2.")).to_be_visible()
    seen(page)


def set_the_other_row_aside(page):
    page.goto("/titres/retours/a-regler/")
    seen(page)
    page.get_by_role("row").filter(has_text="TP-2026-00000").get_by_role(
        "link", name=re.compile("écarter", re.IGNORECASE)
    ).click()
    page.get_by_label("Motif").fill("D'une autre région.")
    page.get_by_role("button", name="Écarter cette ligne").click()
    expect(page.get_by_text("est écartée")).to_be_visible()


def state_of(page):
    return page.locator(".fr-badge").first


def left_to_pay(page):
    return page.locator("dl > div").filter(has_text="Reste dû").locator("dd")


def contest_and_decide(page):
    """The queue has it until it is decided; the letter tells the debtor."""
    record_entry(page, "Contestation", {"Montant": "20,00"})
    expect(state_of(page)).to_have_text(re.compile("contesté", re.IGNORECASE))
    page.goto("/titres/contestations/")
    seen(page)
    row = page.get_by_role("row").filter(has_text=TITRE)
    expect(row).to_contain_text("20,00")
    row.get_by_role("link", name=re.compile("Décider")).click()
    page.get_by_label("Référence de la décision").fill("Décision n° 12")
    page.get_by_label("Auteur").fill("Jeanne Durand, rectrice")
    page.get_by_label("Motif").fill("Les écoles sont bien celles de la convention.")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("C’est enregistré")).to_be_visible()
    page.goto("/titres/contestations/")
    letter = page.get_by_role("row").filter(has_text=TITRE).get_by_role("link", name="Lettre")
    assert download(page, letter.click).startswith(b"%PDF-")


def test_finance_goes_from_a_batch_to_the_money_received(visitor):
    page = visitor(Role.FINANCE)
    request_in_a_batch(page)
    import_a_return(page)
    set_the_other_row_aside(page)
    page.goto(CLAIM)
    seen(page)
    page.get_by_role("link", name=TITRE, exact=True).first.click()
    titre = page.url
    expect(state_of(page)).to_have_text(re.compile("recouvré partiellement", re.IGNORECASE))
    seen(page)
    contest_and_decide(page)
    page.goto(titre)
    expect(state_of(page)).to_have_text(re.compile("recouvré partiellement", re.IGNORECASE))
    cents = euros(left_to_pay(page).inner_text())
    record_entry(page, "Encaissement", {"Montant": f"{cents // 100},{cents % 100:02}"})
    expect(state_of(page)).to_have_text(re.compile("^recouvré$", re.IGNORECASE))
    expect(left_to_pay(page)).to_contain_text("0,00")
    seen(page)
    page.goto("/titres/restes-dus/")
    expect(page.get_by_role("link", name=re.compile("Tarbes"))).to_have_count(0)
    seen(page)
