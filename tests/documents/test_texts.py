"""The shipped texts in the database: versions that never change."""

import shutil

import pytest

from documents.markup import FieldError
from documents.models import TextModel
from documents.texts import TEXTS_DIR, load_texts

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(TEXTS_DIR, tmp_path / "texts")


def test_each_kind_is_loaded_as_its_first_version():
    texts = load_texts()
    assert set(texts) == set(TextModel.Kind)
    assert {text.version for text in texts.values()} == {1}


def test_loading_twice_changes_nothing():
    assert load_texts() == load_texts()
    assert TextModel.objects.count() == len(TextModel.Kind)


def test_a_changed_file_is_a_new_version_and_leaves_the_old_one(folder):
    before = load_texts(folder)["decision"]
    path = folder / "decision.md"
    path.write_text(path.read_text(encoding="utf-8") + "\nEn plus.\n", encoding="utf-8")
    after = load_texts(folder)["decision"]
    assert (before.version, after.version) == (1, 2)
    assert "En plus." not in TextModel.objects.get(pk=before.pk).body


def test_a_file_with_an_unknown_field_is_not_loaded(folder):
    path = folder / "decision.md"
    path.write_text("Titre : Essai\n\nVu {{ inconnu }}.\n", encoding="utf-8")
    with pytest.raises(FieldError):
        load_texts(folder)
    assert not TextModel.objects.exists()
