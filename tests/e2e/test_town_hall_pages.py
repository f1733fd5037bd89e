"""Every page of a town hall, in every state of a file, as an eye would judge it: three widths."""

from pathlib import Path

import pytest

from accounts.roles import Role
from typography import mend

from .conftest import assert_accessible, assert_fits

pytestmark = pytest.mark.one_database

SEEN = Path(__file__).with_name("seen.js").read_text(encoding="utf-8")
WIDTHS = (1280, 390, 320)
# A file in every state (demonstration/files.py), and what is special in it.
FILES = {
    "sent": "34337",
    "asked and answered": "34003",
    "accepted": "34344",
    "correction requested": "34153",
    "signed by the collectivity": "30350",
    "signed by the region": "48095",
    "signed": "65440",
    "terminated": "82121",
    "abandoned": "46042",
}
PAGES = (
    "",
    "renseignements/",
    "acte/",
    "acte/adapter/",
    "dates/",
    "signature/",
    "pieces/",
    "message/",
    "correction/",
    "resiliation/mise-en-demeure/",
    "resiliation/conciliation/",
    "resiliation/accord/",
    "resiliation/seconde-lettre/",
    "resiliation/resiliation/",
)
OTHERS = (
    "/conventions/",
    "/conventions/calendrier/",
    "/conventions/acces/34337/",
    "/conventions/titres/",
    "/conventions/2022-2023/34337/",
)


def faults_seen(page, where):
    """Return texts that overlap, are cut, or are not set as French is; wide and narrow."""
    faults = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found = page.evaluate(SEEN)
        faults += [f"{where}, {width} px: {over} overlap" for over in found["over"]]
        faults += [f"{where}, {width} px: {text!r} is cut" for text in found["cut"]]
        assert_fits(page)
    badly_set = [text for text in found["words"] if mend(text) != text]
    assert_accessible(page)
    return faults + [f"{where}: {text!r} is not set as French is" for text in badly_set]


def look(page, path):
    """Return the faults of a page, and of its form sent empty; none of one that is not open."""
    page.goto(path)
    if not page.url.endswith(path):
        return []
    faults = faults_seen(page, path)
    send = page.locator("main form[enctype] button[type=submit]").first
    if send.count():
        send.click()
        page.wait_for_load_state()
        faults += faults_seen(page, f"{path} sent empty")
    return faults


@pytest.mark.parametrize("state", FILES)
def test_a_file_pleases_in_every_state(visitor, state):
    page = visitor(Role.ADMINISTRATOR)
    assert [
        fault
        for name in PAGES
        for fault in look(page, f"/conventions/2026-2027/{FILES[state]}/{name}")
    ] == []


def test_what_is_around_the_files_pleases(visitor):
    page = visitor(Role.TOWN_HALL)
    assert [fault for path in OTHERS for fault in look(page, path)] == []
