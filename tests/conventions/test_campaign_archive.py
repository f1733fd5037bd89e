"""A closed campaign as a folder: whole, told by hashes that other tools check, and by it alone."""

import json
import subprocess

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command

from conventions.acts.models import Act
from conventions.archives import campaign_archive
from conventions.archives.campaign_archive import verify
from conventions.correspondence import post_message
from conventions.models import Piece, attach
from documents.received.uploads import UploadedPdf
from operations import safes
from tests.factories import CampaignFactory, CollectivityFactory, ConventionFactory

SCAN = UploadedPdf(content=b"%PDF-1.7 convention", pages=1, name="scan.pdf")


@pytest.fixture
def closed(signed_convention, rectorat):
    """The campaign of a file with a paper and a message that holds another, closed."""
    attach(signed_convention, kind=Piece.Kind.CONVENTION_SIGNED, pdf=SCAN, by=rectorat)
    plan = UploadedPdf(content=b"%PDF-1.7 plan", pages=1, name="plan.pdf")
    post_message(signed_convention, by=rectorat, subject="schools", body="Voici.", attachment=plan)
    campaign = signed_convention.campaign
    campaign.close(by=None)
    return campaign


@pytest.fixture
def folder(tmp_path):
    """Where archives are written; tests keep the site's own files beside it."""
    return tmp_path / "archives"


@pytest.fixture
def archive(closed, folder):
    """What the command writes."""
    call_command("archive_campaign", closed.school_year, folder, verbosity=0)
    (found,) = folder.glob("campagne-*")
    return found


def facts(archive):
    (file,) = (archive / "data/dossiers").iterdir()
    return json.loads(file.read_text())


def rows(archive, model):
    return [row["fields"] for row in facts(archive)["rows"] if row["model"] == model]


def test_every_file_is_what_its_hash_says_by_another_tool_than_ours(archive):
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        checked = subprocess.run(
            ["sha256sum", "--check", "--strict", "--quiet", manifest],
            cwd=archive,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert (checked.returncode, checked.stdout) == (0, b"")
    assert (archive / "bagit.txt").read_text().startswith("BagIt-Version: 1.0\n")
    files = [path for path in (archive / "data").rglob("*") if path.is_file()]
    oxum = f"Payload-Oxum: {sum(path.stat().st_size for path in files)}.{len(files)}\n"
    assert oxum in (archive / "bag-info.txt").read_text()
    assert verify(archive) == []


def test_a_file_is_told_whole(archive, closed, signed_convention):
    told = facts(archive)
    assert told["reference"] == signed_convention.reference
    (convention,) = rows(archive, "conventions.convention")
    assert convention["region_signed_on"] == "2022-10-10"
    assert len(rows(archive, "conventions.enrolment")) == signed_convention.enrolments.count()
    assert rows(archive, "acts.act")[0]["deposited_on"] == "2022-10-13"
    assert [row["body"] for row in rows(archive, "exchanges.message")] == ["Voici."]
    journal = rows(archive, "lifecycle.journalentry")
    assert len(journal) == signed_convention.journal.count()
    assert {row["summary"] for row in journal} >= {"Pièce déposée : convention signée, version 1"}
    kept = {(archive / each["path"]).read_bytes() for each in told["files"]}
    assert kept >= {b"%PDF-1.7 convention", b"%PDF-1.7 plan"}
    campaign = json.loads((archive / "data/campagne.json").read_text())
    assert campaign["campaign"] == closed.school_year
    said = [row["fields"].get("summary") for row in campaign["rows"]]
    assert "Campagne close" in said


def test_nothing_of_another_campaign_or_of_who_opens_the_site_is_told(closed, folder):
    other = ConventionFactory(
        campaign=CampaignFactory(start_year=2023), collectivity=CollectivityFactory()
    )
    archive, _ = campaign_archive.write(closed, folder)
    models = {row["model"] for row in facts(archive)["rows"]}
    assert not models & {"accounts.user", "outbox.personallink", "communes.collectivity"}
    assert other.reference not in "".join(
        path.read_text() for path in (archive / "data").rglob("*.json")
    )


def test_the_same_content_is_kept_once(archive, closed):
    paths = list((archive / "data/fichiers").rglob("*.pdf"))
    named = [each["path"] for each in facts(archive)["files"]]
    assert len(paths) == len(set(named))


def test_a_campaign_that_goes_on_is_not_archived(signed_convention, folder):
    year = signed_convention.campaign.school_year
    with pytest.raises(CommandError, match="n’est pas close"):
        call_command("archive_campaign", year, folder)
    with pytest.raises(CommandError, match="pas de campagne"):
        call_command("archive_campaign", "2031-2032", folder)
    with pytest.raises(CommandError, match="pas une année"):
        call_command("archive_campaign", "2022", folder)
    assert not folder.exists()


def test_what_the_site_had_lost_is_said_in_the_archive_and_by_the_command(
    closed, signed_convention, folder
):
    document = signed_convention.pieces.get(kind="convention_signed").document
    document.file.storage.delete(document.file.name)
    with pytest.raises(SystemExit, match="1 fichier manquait"):
        call_command("archive_campaign", closed.school_year, folder, verbosity=0)
    (archive,) = folder.glob("campagne-*")
    assert (archive / "data/manquants.txt").read_text().strip() == document.file.name
    with pytest.raises(SystemExit, match="déjà perdu 1 fichier"):
        call_command("verify_archive", archive)


def test_what_is_no_more_what_was_issued_is_lost_too(closed, signed_convention, folder):
    file = signed_convention.pieces.get(kind="convention_signed").document.file
    with open(file.path, "wb") as stored:
        stored.write(b"%PDF-1.7 autre")
    archive, lost = campaign_archive.write(closed, folder)
    assert lost == [file.name]
    assert "autre" not in "".join(path.name for path in archive.rglob("*"))


def test_an_archive_that_changed_is_told(archive):
    paper = next((archive / "data/fichiers").rglob("*.pdf"))
    paper.write_bytes(b"%PDF-1.7 autre")
    gone = next((archive / "data/dossiers").iterdir())
    gone.unlink()
    (archive / "data/ajout.txt").write_text("?")
    faults = verify(archive)
    assert len(faults) == 3
    assert f"{paper.relative_to(archive)} n’est plus ce qu’il était." in faults
    assert f"Il manque {gone.relative_to(archive)}." in faults
    assert "data/ajout.txt a été ajouté." in faults
    with pytest.raises(SystemExit, match="pas intacte"):
        call_command("verify_archive", archive)


def test_one_that_was_ended_half_way_is_none_and_is_begun_anew(closed, folder, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(campaign_archive._Bag, "close", None)
        with pytest.raises(TypeError):
            campaign_archive.write(closed, folder)
    (part,) = folder.glob("campagne-*")
    assert verify(part) == [f"{part} n’est pas une archive entière."]
    part.rename(folder / "campagne-2022-2023_2026-11-20.part")  # Of another day.
    whole, _ = campaign_archive.write(closed, folder)
    assert verify(whole) == []
    assert list(folder.glob("campagne-*")) == [whole]
    assert whole.stat().st_mode & 0o077 == 0
    with pytest.raises(CommandError, match="existe déjà"):
        call_command("archive_campaign", closed.school_year, folder)


def test_two_archives_are_not_written_in_a_folder_at_once(closed, folder):
    folder.mkdir()
    with safes.alone(folder), pytest.raises(CommandError, match="est en cours"):
        call_command("archive_campaign", closed.school_year, folder)
    assert list(folder.glob("campagne-*")) == []


def test_a_file_has_the_name_of_what_it_is(closed, signed_convention, folder):
    storage = Act._meta.get_field("letterhead").storage
    name = storage.save("letterheads/logo.jpg", ContentFile(b"a picture"))
    Act.objects.filter(pk=signed_convention.act_id).update(letterhead=name)
    archive, _ = campaign_archive.write(closed, folder)
    (picture,) = [path for path in (archive / "data/fichiers").rglob("*") if path.suffix == ".jpg"]
    assert picture.read_bytes() == b"a picture"
