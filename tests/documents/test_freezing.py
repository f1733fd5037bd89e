"""What was issued is kept once, byte for byte, whoever makes it and however often."""

import datetime
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError

from documents.contexts import to_json
from documents.models import Document
from documents.rendering import render
from documents.storage import DocumentFolder
from documents.wording.texts import load_texts
from lifecycle.frozen import FrozenError

from .samples import ACT, CONTEXTS, CONVENTION, text

REFERENCE = "ENT-2022-34337-C-K7XJ4R9P"


def digests(kinds) -> dict[str, str]:
    """The SHA-256 of the document of each kind, made in that order."""
    return {
        kind: hashlib.sha256(render(text(kind), CONTEXTS[kind]).content).hexdigest()
        for kind in kinds
    }


def stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_same_facts_give_the_same_bytes_in_any_order_and_process(settings):
    kinds = list(CONTEXTS)
    script = (
        "import django, json; django.setup();"
        "from tests.documents.samples import CONTEXTS;"
        "from tests.documents.test_freezing import digests;"
        "print(json.dumps(digests(reversed(CONTEXTS))))"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        check=True,
        text=True,
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONHASHSEED": "8",
            "SITE_URL": settings.SITE_URL,
        },
    ).stdout
    assert json.loads(elsewhere) == digests(kinds) == digests(sorted(kinds))


def test_the_address_of_the_site_is_part_of_what_makes_the_bytes(settings):
    before = render(text("decision"), ACT)
    settings.SITE_URL = "https://autre.example.fr"
    after = render(text("decision"), ACT)
    assert before.reference == after.reference
    assert before.content != after.content


@pytest.mark.django_db
class TestFreeze:
    def freeze(self, content=b"%PDF-1.7 convention", reference=REFERENCE):
        return Document.freeze(content, pages=1, by=None, reference=reference)

    def test_a_document_of_the_same_reference_is_the_same_document(self, private_media):
        assert self.freeze() == self.freeze()
        assert Document.objects.count() == 1
        assert len(stored(private_media)) == 1

    def test_what_was_issued_under_a_reference_stays(self):
        first = self.freeze()
        again = self.freeze(b"%PDF-1.7 the same, printed by a later version of the product")
        assert again == first
        with again.file.open() as file:
            assert file.read() == b"%PDF-1.7 convention"

    def test_the_database_refuses_a_second_document_of_a_reference(self):
        first = self.freeze()
        copy = Document(reference=first.reference, file=first.file, size=1, pages=1)
        with pytest.raises(IntegrityError):
            copy.save()

    def test_files_received_have_no_reference_and_are_all_kept(self, private_media):
        documents = {self.freeze(b"%PDF-1.4 scan", reference="").pk for _ in range(2)}
        assert len(documents) == 2
        assert len(stored(private_media)) == 1

    def test_a_document_never_changes(self):
        document = self.freeze()
        document.pages = 2
        with pytest.raises(FrozenError):
            document.save()

    def test_a_file_is_named_after_its_content(self):
        document = self.freeze()
        digest = hashlib.sha256(b"%PDF-1.7 convention").hexdigest()
        assert document.file.name == f"documents/{digest[:2]}/{digest}.pdf"

    def test_a_document_is_made_from_its_text_and_its_facts_only(self):
        facts = to_json(CONVENTION)
        model = load_texts()["convention"]
        document = Document.freeze(
            b"%PDF", pages=1, by=None, text_model=model, context=facts, reference=REFERENCE
        )
        document.refresh_from_db()
        assert document.made_from(model, facts)
        assert Document.issued_from(model, facts, REFERENCE) == document
        later = to_json(replace(CONVENTION, dated_on=datetime.date(2022, 10, 11)))
        assert not document.made_from(model, later)
        with pytest.raises(FrozenError):
            Document.issued_from(model, later, REFERENCE)


class Interrupted(ContentFile):
    """A file whose writer is stopped half-way."""

    def chunks(self, chunk_size=None):
        yield b"%PDF"
        raise OSError("disk full")


class TestFolder:
    NAME = "documents/ab/abcd.pdf"

    def test_writing_a_file_twice_leaves_one(self, tmp_path):
        folder = DocumentFolder(location=tmp_path)
        assert [folder.save(self.NAME, ContentFile(b"%PDF")) for _ in range(2)] == [self.NAME] * 2
        assert [path.name for path in stored(tmp_path)] == ["abcd.pdf"]

    def test_a_file_that_was_not_written_to_its_end_does_not_exist(self, tmp_path):
        folder = DocumentFolder(location=tmp_path)
        with pytest.raises(OSError, match="disk full"):
            folder.save(self.NAME, Interrupted(b"%PDF-1.7"))
        assert not folder.exists(self.NAME)
