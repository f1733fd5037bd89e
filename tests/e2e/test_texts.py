"""A text from last year's to next year's, through the screens, with and without scripts."""

import pytest
from playwright.sync_api import expect

from accounts.roles import Role

from .conftest import NARROW, WIDE, assert_accessible, assert_fits
from .test_main_job import download, selected

pytestmark = pytest.mark.one_database

TEXTS = "/admin/documents/textmodel/"


def check(page):
    """What every one of these pages owes, wide and narrow."""
    page.wait_for_load_state()
    page.set_viewport_size(NARROW)
    assert_fits(page)
    page.set_viewport_size(WIDE)
    assert_accessible(page)


def test_a_text_is_copied_corrected_compared_shown_published_and_exchanged(visitor):
    page = visitor(Role.RECTORAT)
    page.goto(f"{TEXTS}?kind__exact=convention")
    page.get_by_role("link", name="Convention de partenariat").first.click()
    check(page)
    page.get_by_role("link", name="Faire une copie").click()
    check(page)
    page.get_by_role("button", name="Créer la version 2").click()
    expect(page.get_by_text("Voici la version 2")).to_be_visible()
    check(page)
    editor = page.url

    # A field goes where the cursor is, a block on lines of its own.
    text = page.get_by_label("Texte :")
    text.fill("## Article 12\n\nDevant le , puis")
    text.evaluate("field => field.setSelectionRange(25, 25)")
    page.get_by_role("button", name="Insérer {{ tribunal }}").click()
    expect(text).to_have_value("## Article 12\n\nDevant le {{ tribunal }}, puis")
    text.evaluate("field => field.setSelectionRange(13, 13)")
    page.get_by_role("button", name="Insérer {{ liste_des_ecoles }}").click()
    expect(text).to_have_value(
        "## Article 12\n\n{{ liste_des_ecoles }}\n\nDevant le {{ tribunal }}, puis"
    )

    # Faults lead to their line; nothing typed is lost.
    text.fill(text.input_value() + " **fin et {{ date_fin }}")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("Il manque la fin de la convention")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Ligne 5").first.click()
    assert "{{ date_fin }}" in selected(text)

    page.goto(editor)
    text.fill(text.input_value().replace("numérique", "numérique éducatif", 1))
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("est enregistré")).to_be_visible()
    page.get_by_role("link", name="Comparer").click()
    expect(page.get_by_role("row", name="modifié")).to_have_count(1)
    check(page)
    page.goto(editor)
    page.get_by_role("link", name="Aperçu sur un dossier").click()
    page.get_by_label("Collectivité").fill("agde")
    page.get_by_role("button", name="Chercher").click()
    expect(page.get_by_role("link", name="Commune d’Agde")).to_be_visible()
    check(page)
    page.goto(editor)
    file = download(page, page.get_by_role("link", name="Exporter").click)
    page.get_by_role("link", name="Publier").click()
    check(page)
    page.get_by_role("button", name="Publier cette version").click()
    expect(page.get_by_text("ne change plus")).to_be_visible()

    page.goto(f"{TEXTS}import/")
    check(page)
    page.get_by_label("Fichier Markdown").set_input_files(
        {"name": "t.md", "mimeType": "text/markdown", "buffer": file + b"\n{{ fin }}\n"}
    )
    page.get_by_role("button", name="Importer").click()
    expect(page.get_by_text("Rien n’a été importé")).to_be_visible()
    check(page)


@pytest.mark.parametrize("kind", ["decision", "convention"])
def test_without_scripts_the_fields_are_a_list_to_copy(new_context, sign_in_once, kind):
    context = new_context(
        java_script_enabled=False, storage_state=sign_in_once(Role.RECTORAT), viewport=WIDE
    )
    page = context.new_page()
    page.goto(f"{TEXTS}add/?kind={kind}")
    fields = page.get_by_role("region", name="Champs")
    expect(fields.get_by_text("{{ annee_scolaire }}")).to_be_visible()
    expect(fields.get_by_role("button")).to_have_count(0)
    expect(fields.get_by_text("Copiez-le dans le texte.")).to_be_visible()
