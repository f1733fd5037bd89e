"""The shipped texts in the database: versions that never change."""

import shutil

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from hypothesis import assume, given
from hypothesis import strategies as st

from documents.models import StaleText, TextModel
from documents.wording.proofreading import tidy
from documents.wording.texts import (
    TEXTS_DIR,
    UnreadableText,
    load_texts,
    newest_text,
    read_file,
    write_file,
)
from lifecycle.frozen import FrozenError

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
    path.write_text(path.read_text(encoding="utf-8") + "\n{{ inconnu }}\n", encoding="utf-8")
    with pytest.raises(ValidationError, match="inconnu"):
        load_texts(folder)
    assert not TextModel.objects.exists()


def test_the_shipped_texts_come_published():
    assert all(text.is_published for text in load_texts().values())


# --- Versions ---------------------------------------------------------------
def draft(**changes):
    shipped = load_texts()["decision"]
    return TextModel.draft(kind="decision", title="Essai", body=shipped.body, **changes)


def test_a_draft_is_the_next_version_and_is_revised():
    text = draft()
    assert (text.version, text.is_published) == (2, False)
    text.revise(title="Autre titre", body=text.body)
    text.refresh_from_db()
    assert text.title == "Autre titre"


def test_a_published_version_never_changes(rectorat):
    text = draft()
    text.publish(by=rectorat)
    text.refresh_from_db()
    assert (text.is_published, text.published_by) == (True, rectorat)
    with pytest.raises(StaleText):
        text.revise(title="Autre", body=text.body)
    with pytest.raises(FrozenError):
        text.save()
    with pytest.raises(FrozenError):
        TextModel.objects.filter(pk=text.pk).update(body="…")
    assert TextModel.objects.get(pk=text.pk).title == "Essai"


def test_no_text_is_deleted():
    text = draft()
    with pytest.raises(FrozenError):
        text.delete()
    with pytest.raises(FrozenError):
        TextModel.objects.filter(pk=text.pk).delete()


def test_of_two_people_who_revise_a_draft_the_second_is_told():
    text = draft()
    other = TextModel.objects.get(pk=text.pk)
    text.revise(title="Premier", body=text.body)
    with pytest.raises(StaleText, match="modifié ou publié"):
        other.revise(title="Second", body=other.body)
    assert TextModel.objects.get(pk=text.pk).title == "Premier"


def test_a_draft_is_not_the_text_that_is_printed():
    draft()
    assert newest_text("decision").version == 1


def test_a_faulty_draft_is_not_kept():
    with pytest.raises(ValidationError) as refusal:
        TextModel.draft(kind="convention", title="Essai", body="Vu {{ montan }}.")
    assert "Ligne 1" in refusal.value.message_dict["body"][0]
    assert not TextModel.objects.filter(title="Essai").exists()


# --- Files --------------------------------------------------------------------
@pytest.mark.parametrize("kind", TextModel.Kind.values)
def test_a_text_written_to_a_file_is_read_back_exactly(kind):
    text = load_texts()[kind]
    file = read_file(write_file(text))
    assert (file.kind, file.title, file.body) == (text.kind, text.title, text.body)


@given(
    title=st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1),
    body=st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_title_and_body_survive_the_file(title, body):
    text = TextModel(kind="decision", version=3, title=" ".join(title.split()), body=tidy(body))
    assume(text.title)
    file = read_file(write_file(text))
    assert (file.title, file.body) == (text.title, text.body)


def test_a_file_of_another_system_is_read():
    content = "\ufeff---\r\nnature: avenant\r\ntitre: Essai : deux\r\n---\r\nTexte.\r\n"
    file = read_file(content)
    assert (file.kind, file.title, file.body) == ("amendment", "Essai : deux", "Texte.\n")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("## Article 1", "Ligne 1 : le fichier commence par un en-tête"),
        ("---\nnature: decision\n", "Fermez l'en-tête"),
        ("---\nnature: decision\n---\n", "ne dit pas « titre »"),
        ("---\nnature: chanson\ntitre: Essai\n---\n", "« chanson » n'existe pas. Natures : dec"),
        ("---\nauteur: moi\n---\n", "Ligne 2"),
    ],
)
def test_a_file_without_its_header_is_refused_with_what_to_do(content, reason):
    with pytest.raises(UnreadableText, match=reason):
        read_file(content)


def test_a_new_site_is_given_its_texts_by_a_command(capsys):
    call_command("load_texts")
    call_command("load_texts")
    assert TextModel.objects.published().count() == len(TextModel.Kind)
    assert "mise en demeure : Mise en demeure (version 1)" in capsys.readouterr().out
