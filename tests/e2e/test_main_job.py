"""The main job through the screens: from enrolment to the claim, by the people whose job it is."""

import datetime
import io
import re

import pikepdf
import pytest
from PIL import Image
from playwright.sync_api import expect

from accounts.roles import Role

from .conftest import NARROW, WIDE, assert_accessible, assert_fits

TODAY = datetime.date.today()  # noqa: DTZ011 (the browser's day is the machine's)
VILLENEUVE = "/conventions/2026-2027/34337/"


def a_scan(name="scan.pdf"):
    """A one-page PDF, as a scanner makes them."""
    document, content = pikepdf.new(), io.BytesIO()
    document.add_blank_page()
    document.save(content)
    return {"name": name, "mimeType": "application/pdf", "buffer": content.getvalue()}


def a_logo():
    content = io.BytesIO()
    Image.new("RGBA", (600, 150), (0, 70, 160, 128)).save(content, "PNG")
    return {"name": "logo.png", "mimeType": "image/png", "buffer": content.getvalue()}


def selected(text):
    """What is selected in a text area."""
    return text.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)")


def download(page, click):
    """Return the bytes of the file that `click` makes the browser download."""
    with page.expect_download() as found:
        click()
    with open(found.value.path(), "rb") as file:
        return file.read()


def open_campaign(page):
    page.goto("/admin/campaigns/campaign/")
    page.get_by_role("link", name="Campagne 2026-2027").first.click()


def open_convention_in_admin(page, words, reference):
    page.goto(f"/admin/conventions/convention/?q={words}")
    page.get_by_role("link", name=reference).click()


def enrol_prepare_and_send(page):
    page.goto("/admin/schools/school/?q=foix")
    codes = re.findall(r"\b0099\d{3}[A-Z]\b", page.locator("#result_list").inner_text())
    assert len(codes) == 2
    open_campaign(page)
    page.get_by_role("link", name="Inscrire des écoles").first.click()
    page.get_by_label("Codes UAI").fill("\n".join([*codes, "0341255F"]))
    page.get_by_role("button", name="Inscrire ces écoles").click()
    # The worker enrols; the page follows by itself.
    expect(page.get_by_text("Écoles inscrites : 2")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("la lettre finale ne correspond pas").first).to_be_visible()
    page.get_by_role("link", name="Préparer les conventions").first.click()
    page.locator("#content input[type=submit]").first.click()
    # The worker does it; the page follows by itself.
    expect(page.get_by_text("prête : 2")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("link", name="Rapport (CSV)")).to_be_visible(timeout=30_000)
    open_convention_in_admin(page, "foix", "ENT-2026-09122")
    expect(page.get_by_text("préparée").first).to_be_visible()
    page.get_by_role("link", name="Envoyer à la collectivité").click()
    page.get_by_role("button", name="Envoyer à la collectivité").click()
    expect(page.get_by_text("envoyée").first).to_be_visible()


def confirm_details(page):
    page.goto("/")
    expect(page).to_have_url(re.compile(f"{VILLENEUVE}$"))
    page.get_by_role("link", name="Vérifier").first.click()
    page.locator("#address ~ details > summary").click()
    page.get_by_role("textbox", name=re.compile("^SIRET")).fill("213 403 371 00016")
    page.get_by_label("Adresse", exact=True).fill("Place de la Porte Saint-Laurent")
    page.get_by_role("button", name="Tout est exact").click()
    expect(page.get_by_text("La clé de ce numéro SIRET est fausse")).to_be_visible()
    expect(page.get_by_label("Adresse", exact=True)).to_have_value(
        "Place de la Porte Saint-Laurent"
    )
    page.get_by_role("textbox", name=re.compile("^SIRET")).fill("213 403 371 00015")


def prepare_act(page):
    expect(page.get_by_label("décision du maire")).to_be_checked()
    page.get_by_text("L’acte est déjà pris").click()
    page.get_by_role("textbox", name=re.compile("^Numéro")).fill("2026DECAD101")
    page.get_by_label("Date de l’acte").fill(TODAY.isoformat())
    page.get_by_role("button", name="Tout est exact").click()
    expect(page.get_by_text("Vos renseignements sont confirmés.").first).to_be_visible()
    for name in ("Acte à signer", "Convention à signer"):
        content = download(page, page.get_by_role("link", name=name).click)
        assert pikepdf.open(io.BytesIO(content)).pages


def adapt_act(page):
    page.get_by_role("link", name="Adapter le texte").click()
    write_in_paragraphs(page)
    preview(page)
    page.get_by_role("button", name="Voir le texte avec ses codes").click()
    text = page.locator("[name=adapted_text]")
    assert_accessible(page)
    text.fill(text.input_value().replace("{{ montant }}", "{{ montan }}"))
    page.get_by_label("En-tête de votre collectivité").set_input_files(a_logo())
    page.get_by_text("une autre personne, par délégation").click()
    page.get_by_label("Nom du signataire").fill("Claude Roux")
    page.get_by_role("button", name="Enregistrer et produire le PDF").click()
    expect(page.get_by_text("À remplir quand une autre personne signe").first).to_be_visible()
    page.get_by_role("button", name="Ligne ").click()
    expect(page.locator(".text-paragraph:focus")).to_contain_text("{{ montan }}")
    page.get_by_role("button", name="Voir le texte avec ses codes").click()
    page.get_by_role("button", name="Ligne ").click()
    assert "{{ montan }}" in selected(text)
    text.fill(text.input_value().replace("{{ montan }}", "{{ montant }}"))
    assert_accessible(page)
    page.set_viewport_size(NARROW)
    assert_fits(page)
    page.set_viewport_size(WIDE)
    page.get_by_label("En-tête de votre collectivité").set_input_files(a_logo())
    page.get_by_label("Qualité du signataire").fill("L'adjointe déléguée aux affaires scolaires")
    page.get_by_role("textbox", name="Délégation de signature").fill(
        "arrêté n° 2026-14 du 10 juillet 2026"
    )
    page.get_by_role("button", name="Enregistrer et produire le PDF").click()
    expect(page.get_by_text("Votre acte est enregistré.").first).to_be_visible()


def preview(page):
    """« Aperçu » opens the PDF beside the page, which keeps what was typed."""
    text = page.locator("[name=adapted_text]")
    before = text.input_value()
    added = "Fait pour l'année {{ annee_scolaire }}."
    assert added in before
    with (
        page.expect_request(lambda asked: "keep_draft" in (asked.post_data or "")),
        page.context.expect_event("response", is_draft_of_act),
    ):
        page.keyboard.type(" x")
        page.get_by_role("button", name="Aperçu (PDF)").click()
    for other in page.context.pages[1:]:
        other.close()
    assert text.input_value() == before.replace(added, f"{added} x")
    # The letter, then the space before it.
    for _ in range(2):
        page.locator(".text-paragraph", has_text="Fait pour l'année").press("Control+z")
    assert text.input_value() == before


def is_draft_of_act(response):
    is_pdf = response.headers.get("content-type") == "application/pdf"
    return is_pdf and "projet_act" in response.headers["content-disposition"]


def write_in_paragraphs(page):
    """Edit a paragraph, insert a field; what was not touched stays as it was written."""
    text = page.locator("[name=adapted_text]")
    before = text.input_value()
    expect(text).to_be_hidden()
    expect(page.get_by_label("Nom du signataire")).to_be_hidden()
    execution = page.get_by_role("textbox", name="Paragraphe").filter(has_text="assure l'exécution")
    expect(execution.locator(".text-chip")).not_to_contain_text("{{")
    assert_accessible(page)
    execution.press("Control+End")
    page.keyboard.press("Enter")
    page.keyboard.type("Fait pour l'année ")
    page.get_by_text("Insérer un champ").click()
    page.get_by_role("button", name="Insérer {{ annee_scolaire }}").click()
    page.keyboard.type(".")
    added = "\n\nFait pour l'année {{ annee_scolaire }}."
    expect(text).to_have_value(
        before.replace("de la présente décision.", "de la présente décision." + added, 1)
    )
    page.set_viewport_size(NARROW)
    assert_fits(page)
    page.set_viewport_size(WIDE)


def record_dates(page):
    page.goto(f"{VILLENEUVE}dates/")
    page.get_by_label("Déposé en préfecture le").fill(TODAY.isoformat())
    page.get_by_label("Publié le").fill(TODAY.isoformat())
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text(f"depuis le {TODAY:%d/%m/%Y}").first).to_be_visible()
    expect(page.get_by_text("Fin du délai de recours")).to_be_visible()
    expect(page.get_by_role("link", name="Acte avec mention exécutoire")).to_be_visible()


def sign_with_copies(page):
    page.goto(f"{VILLENEUVE}signature/")
    page.get_by_label("Date de signature de la convention").fill(TODAY.isoformat())
    page.get_by_label("Convention signée").set_input_files(
        {"name": "scan.pdf", "mimeType": "application/pdf", "buffer": b"GIF89a" + b"x" * 99}
    )
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("Ce fichier n’est ni un PDF").first).to_be_visible()
    page.get_by_label("Convention signée").set_input_files(a_scan())
    page.get_by_label("Acte signé").set_input_files(a_scan())
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("La signature de votre collectivité est enregistrée.")).to_be_visible()


def record_the_rectors_signature(page):
    open_convention_in_admin(page, "villeneuve maguelone", "ENT-2026-34337")
    page.get_by_role("link", name="Enregistrer la signature de la région académique").click()
    page.get_by_label("Date de signature").fill(TODAY.isoformat())
    page.get_by_role("button", name="Enregistrer la signature de la région").click()


def request_the_titre(page):
    page.goto("/titres/?campagne=2026&recherche=villeneuve+maguelone")
    page.get_by_role("link", name="Préparer un lot").click()
    page.get_by_role("button", name="Établir la liste").click()
    expect(page.get_by_text("ligne cochée")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Demander les lignes cochées").click()
    assert_accessible(page)
    page.get_by_role("button", name="Demander ces titres").click()
    expect(page.get_by_text("est fait")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="TP-2026-34337").click()
    expect(page.get_by_text("2 écoles × 45,00\u00a0€ = 90,00\u00a0€")).to_be_visible()
    expect(page.get_by_text("SIRET 21340337100015")).to_be_visible()
    assert_accessible(page)
    record_entry(page, "Émis", {"Numéro du titre dans Chorus": "140000123"})
    record_entry(page, "Encaissement", {"Montant": "40,50"})
    expect(page.get_by_text("recouvré partiellement")).to_be_visible()
    record_entry(page, "Contestation", {})
    expect(page.get_by_text("contesté", exact=True)).to_be_visible()
    decision = {"Référence de la décision": "Décision n° 4", "Auteur": "Jeanne Durand, rectrice"}
    record_entry(page, "Décision sur la contestation", decision)
    record_entry(page, "Encaissement", {"Montant": "49,50"})
    expect(page.get_by_text("recouvré", exact=True)).to_be_visible()


def record_entry(page, kind, typed):
    page.get_by_role("link", name=kind, exact=True).click()
    assert_accessible(page)
    for label, value in typed.items():
        page.get_by_label(label).fill(value)
    page.get_by_label("Motif").fill("Relevé du comptable.")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("C’est enregistré")).to_be_visible()


def test_the_rectorat_goes_from_enrolment_to_sending(visitor):
    enrol_prepare_and_send(visitor(Role.RECTORAT))


def test_villeneuve_goes_from_the_e_mail_to_the_claim(visitor):
    rectorat = visitor(Role.RECTORAT)
    mairie = visitor(Role.TOWN_HALL)
    mairie.goto("/")
    confirm_details(mairie)
    prepare_act(mairie)
    adapt_act(mairie)
    record_dates(mairie)
    sign_with_copies(mairie)
    record_the_rectors_signature(rectorat)
    mairie.reload()
    expect(mairie.get_by_text("signée par les deux parties").first).to_be_visible()
    request_the_titre(visitor(Role.FINANCE))


@pytest.mark.one_database
def test_an_import_is_shown_before_it_is_applied(visitor):
    page = visitor(Role.RECTORAT)
    page.goto("/admin/schools/school/")
    page.get_by_role("link", name="Importer un fichier").click()
    row = "0349999J;École des Essais;34337;151;Public;OUVERT;034"
    content = (
        "Identifiant_de_l_etablissement;Nom_etablissement;Code_commune;code_nature;"
        f"Statut_public_prive;etat;Code_departement\n{row}\n"
    )
    page.locator("input[type=file]").set_input_files(
        {"name": "annuaire.csv", "mimeType": "text/csv", "buffer": content.encode()}
    )
    page.get_by_label("Ce fichier est partiel").check()
    page.get_by_role("button", name="Voir ce qui changerait").click()
    expect(page.get_by_text("Rien n’est encore écrit")).to_be_visible()


@pytest.mark.one_database
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize(
    ("role", "address"),
    [
        (Role.TOWN_HALL, "/conventions/"),
        (Role.TOWN_HALL, "/conventions/2022-2023/34337/"),
        (Role.TOWN_HALL, "/conventions/2022-2023/34337/dates/"),
        (Role.TOWN_HALL, "/conventions/2022-2023/34337/pieces/"),
        (Role.FINANCE, "/titres/?campagne=2026"),
        (Role.FINANCE, "/titres/reglages/"),
        (Role.FINANCE, "/titres/lots/"),
        (Role.FINANCE, "/titres/lots/listes/nouvelle/"),
        (Role.FINANCE, "/titres/tableau/?campagne=2026"),
        (Role.FINANCE, "/titres/restes-dus/"),
        (Role.FINANCE, "/titres/contestations/"),
        (Role.FINANCE, "/titres/retours/"),
        (Role.TOWN_HALL, "/mes-titres/"),
        (Role.TOWN_HALL, "/comptes/securite/"),
        (Role.TOWN_HALL, "/conventions/calendrier/"),
        (Role.RECTORAT, "/admin/"),
        (Role.RECTORAT, "/admin/conventions/convention/"),
        (Role.RECTORAT, "/admin/schools/school/"),
    ],
)
def test_main_pages_are_accessible_and_fit(visitor, role, address, viewport):
    page = visitor(role, viewport)
    page.goto(address)
    assert_accessible(page)
    assert_fits(page)
