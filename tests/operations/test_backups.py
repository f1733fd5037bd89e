"""A backup is whole or is none; put back, it is the site again, to the row and to the byte."""

import io
import json
import shutil
import subprocess

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection

from documents.models import Document
from documents.storage import document_storage
from operations import backups, databases, restoring, safes
from operations.models import Backup
from tests.factories import ConventionFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def document(database_of_several):
    """The first of the site's two, beside a convention."""
    ConventionFactory()
    first, _ = [Document.freeze(b"%%PDF-1.7 %d" % n, pages=1, by=None) for n in (1, 2)]
    return first


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "sauvegardes"


def content_of(document):
    with document_storage().open(document.file.name) as file:
        return file.read()


def kept_of(folder, document):
    return backups.place_of(folder, document.sha256)


# --- Made ---------------------------------------------------------------------------------------
def test_a_backup_holds_every_row_and_every_file(document, folder):
    manifest = backups.read_manifest(backups.make(folder))
    assert manifest.counts["documents_document"] == Document.objects.count()
    assert {file.name for file in manifest.files} == {d.file.name for d in Document.objects.all()}
    assert kept_of(folder, document).read_bytes() == content_of(document)


def test_the_next_one_copies_only_what_is_new(document, folder, monkeypatch):
    first = backups.make(folder)
    first.rename(first.with_name("2020-01-01T000000Z"))
    copied = []
    write = safes.write
    monkeypatch.setattr(
        safes, "write", lambda source, target: copied.append(target.name) or write(source, target)
    )
    manifest = backups.read_manifest(backups.make(folder))
    assert copied == ["database", "manifest.json"]
    assert len(manifest.files) == Document.objects.count()


@pytest.mark.parametrize("step", ["_copy_one", "_write_manifest"])
def test_a_killed_backup_leaves_nothing_that_passes_for_whole(document, folder, monkeypatch, step):
    def die(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(backups, step, die)
        with pytest.raises(KeyboardInterrupt):
            call_command("backup", str(folder))
    with pytest.raises(backups.Unusable, match="aucune sauvegarde entière"):
        backups.latest(folder)
    (left,) = folder.glob("*.part")
    with pytest.raises(backups.Unusable):
        backups.read_manifest(left)
    assert Backup.objects.get().error == "Elle a été interrompue."
    (folder / "files").mkdir(exist_ok=True)
    (folder / "files" / "new.0a1b2c3d.part").write_bytes(b"half of it")
    backups.make(folder)
    assert not list(folder.rglob("*.part"))


def test_a_file_that_the_site_lost_is_told_and_the_rest_kept(document, folder):
    document_storage().delete(document.file.name)
    with pytest.raises(SystemExit, match="1 fichier"):
        call_command("backup", str(folder), stdout=io.StringIO())
    manifest = backups.read_manifest(backups.latest(folder))
    assert manifest.missing == [document.file.name]
    assert len(manifest.files) == Document.objects.count() - 1
    assert "1 fichier manquait" in Backup.objects.get().error


def test_two_backups_at_once_do_not_mix(folder, database_of_several):
    folder.mkdir()
    with safes.alone(folder), pytest.raises(safes.Closed, match="en cours"):
        backups.make(folder)


# --- Verified -----------------------------------------------------------------------------------
def test_a_sound_backup_is_said_to_be_sound(document, folder):
    said = io.StringIO()
    call_command("backup", str(folder), stdout=said)
    call_command("verify_backup", str(folder), stdout=said)
    assert "sont bien là" in said.getvalue()
    assert [backup.error for backup in Backup.objects.all()] == ["", ""]


def test_a_damaged_file_is_found(document, folder):
    backups.make(folder)
    kept_of(folder, document).write_bytes(b"other")
    with pytest.raises(SystemExit, match="est abîmé"):
        call_command("verify_backup", str(folder))
    assert "abîmé" in Backup.objects.get().error


def test_a_file_that_went_missing_is_found(document, folder):
    backup = backups.make(folder)
    kept_of(folder, document).unlink()
    (fault,) = restoring.verify(backup)
    assert "manque" in fault


def test_a_damaged_database_is_found(document, folder):
    backup = backups.make(folder)
    (backup / "database").write_bytes(b"other")
    with pytest.raises(SystemExit, match="base de données est abîmé"):
        call_command("verify_backup", str(folder))


def test_a_row_that_is_not_there_any_more_is_found(document, folder):
    backup = backups.make(folder)
    manifest = json.loads((backup / "manifest.json").read_text())
    manifest["counts"]["documents_document"] += 1
    (backup / "manifest.json").write_text(json.dumps(manifest))
    (fault,) = restoring.verify(backup)
    assert fault.startswith("documents_document : ")


# --- Put back -----------------------------------------------------------------------------------
def test_a_destroyed_site_comes_back_to_the_row_and_to_the_byte(document, folder, private_media):
    content = content_of(document)
    backup = backups.make(folder)
    shutil.rmtree(private_media)
    with databases.temporary() as new:
        assert restoring.restore(backup, new) == []
        assert databases.counts(new) == databases.counts(connection)
    assert content_of(document) == content


def test_a_database_that_is_not_empty_is_left_alone(document, folder):
    backup = backups.make(folder)
    with pytest.raises(SystemExit, match="n’est pas vide"):
        call_command("restore", str(backup))
    assert Document.objects.exists()


def test_a_file_that_is_there_with_other_bytes_is_told(document, folder, private_media):
    backup = backups.make(folder)
    (private_media / document.file.name).write_bytes(b"other")
    with databases.temporary() as new:
        (fault,) = restoring.restore(backup, new)
    assert "autre contenu" in fault


def test_a_file_that_cannot_be_put_back_is_told_with_the_others_there(
    document, folder, private_media
):
    content = content_of(document)
    backup = backups.make(folder)
    blocked = Document.objects.exclude(pk=document.pk).get()
    shutil.rmtree(private_media)
    (private_media / blocked.file.name).parent.parent.mkdir(parents=True)
    (private_media / blocked.file.name).parent.touch()  # No folder, where one is needed.
    with databases.temporary() as new:
        (fault,) = restoring.restore(backup, new)
    assert fault.startswith(blocked.file.name)
    assert content_of(document) == content


# --- Encrypted ----------------------------------------------------------------------------------
@pytest.fixture
def key(tmp_path, settings):
    """A pair of keys of age, of which the site knows the public one."""
    if not shutil.which("age"):
        pytest.skip("age est absent (apt-get install age)")
    path = tmp_path / "key.txt"
    subprocess.run(["age-keygen", "-o", path], check=True, capture_output=True)
    settings.BACKUP_AGE_RECIPIENT = path.read_text().split("public key: ")[1].split()[0]
    return path


def test_nothing_of_an_encrypted_backup_can_be_read_without_the_key(
    document, folder, key, settings
):
    backup = backups.make(folder)
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert content_of(document) not in everything
    assert b"documents_document" not in everything
    with pytest.raises(safes.Closed, match="BACKUP_AGE_IDENTITY"):
        restoring.verify(backup)
    settings.BACKUP_AGE_IDENTITY = str(key)
    assert restoring.verify(backup) == []


def test_another_key_opens_nothing(document, folder, key, settings, tmp_path):
    backup = backups.make(folder)
    other = tmp_path / "other.txt"
    subprocess.run(["age-keygen", "-o", other], check=True, capture_output=True)
    settings.BACKUP_AGE_IDENTITY = str(other)
    with pytest.raises(safes.Closed, match="age"):
        restoring.verify(backup)


def test_without_the_tool_nothing_is_kept_in_clear(document, folder, settings, monkeypatch):
    settings.BACKUP_AGE_RECIPIENT = "age1anything"
    monkeypatch.setenv("PATH", str(folder) if connection.vendor == "sqlite" else "/nowhere")
    with pytest.raises(SystemExit, match="est absent"):
        call_command("backup", str(folder))
    assert not [path for path in (folder / "files").rglob("*") if path.is_file()]


# --- What belongs to nobody ---------------------------------------------------------------------
def test_files_of_nobody_and_lost_files_are_told(document):
    document_storage().save("documents/aa/nobody.pdf", ContentFile(b"x"))
    assert restoring.orphans() == (["documents/aa/nobody.pdf"], [])
    document_storage().delete(document.file.name)
    said = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("orphans", stdout=said)
    assert f"manque : {document.file.name}" in said.getvalue()
