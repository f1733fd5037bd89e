from conventions.dossiers.lifecycle_page import lifecycle_page


def test_the_documented_lifecycle_is_the_one_of_the_tables(settings):
    page = (settings.BASE_DIR / "docs" / "lifecycle.md").read_text(encoding="utf-8")
    assert page == lifecycle_page(), "Run « manage.py document_lifecycle »."
