"""The file of an import waits a day for its confirmation, then is gone."""

import datetime

from django.core.files.storage import default_storage
from django.utils import timezone

from tabular import waiting_files


def test_a_file_is_read_again_by_its_hash():
    digest = waiting_files.keep(b"a;b")
    assert waiting_files.read(digest) == b"a;b"
    assert waiting_files.read("0" * 64) is None


def test_what_was_not_confirmed_within_a_day_is_gone(monkeypatch):
    old, new = waiting_files.keep(b"old"), waiting_files.keep(b"new")
    ages = {old: datetime.timedelta(days=2), new: datetime.timedelta(hours=2)}
    monkeypatch.setattr(
        type(default_storage._wrapped),
        "get_modified_time",
        lambda storage, name: timezone.now() - ages[name.split("/")[1].split(".")[0]],
    )
    assert waiting_files.forget_old() == 1
    assert waiting_files.read(old) is None
    assert waiting_files.read(new) == b"new"


def test_without_any_import_there_is_nothing_to_forget():
    assert waiting_files.forget_old() == 0
