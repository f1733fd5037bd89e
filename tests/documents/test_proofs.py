"""One document in so many is printed twice; a difference stops the short cut for the site."""

import hashlib
import io
from dataclasses import replace

import pytest
from django.core.management import call_command

from documents.checks import check_standing_type
from documents.press import plain as press
from documents.press import proofs, standing_type
from documents.press.formes import Page
from documents.press.plain import EmbeddedFile
from documents.rendering import page_html, render, source_of

from .samples import ACT, text

pytestmark = pytest.mark.usefixtures("private_media")


@pytest.fixture(autouse=True)
def new_process():
    standing_type._standing_type.cache_clear()
    yield
    standing_type._standing_type.cache_clear()


@pytest.fixture
def act() -> str:
    return page_html(text("decision"), ACT)


@pytest.fixture
def plainly(monkeypatch) -> list[str]:
    """What is printed plainly during a test."""
    printed = []
    print_plainly = press.print_plainly

    def counted(html, files=()):
        printed.append(html)
        return print_plainly(html, files)

    monkeypatch.setattr(press, "print_plainly", counted)
    return printed


@pytest.fixture
def another_name(monkeypatch):
    """A short cut that prints another name than the document's."""
    filled = Page.filled

    def wrong(page, contents, folio):
        swapped = dict(zip(contents, reversed(contents.values()), strict=True))
        same_kind = {
            block: swapped[block]
            if getattr(swapped[block], "shape", None) == content.shape
            else content
            for block, content in contents.items()
        }
        return filled(page, same_kind, folio)

    monkeypatch.setattr(Page, "filled", wrong)


def test_one_document_in_so_many_is_due_and_always_the_same(settings):
    settings.STANDING_TYPE_CHECKED = 200
    identifiers = [hashlib.sha256(b"%d" % number).hexdigest()[:32] for number in range(10_000)]
    due = [identifier for identifier in identifiers if proofs.is_due(identifier)]
    assert 30 < len(due) < 70
    assert all(map(proofs.is_due, due))
    settings.STANDING_TYPE_CHECKED = 0
    assert not any(map(proofs.is_due, identifiers))


def test_a_document_that_is_due_is_printed_twice_and_another_once(settings, act, plainly):
    settings.STANDING_TYPE_CHECKED = 0
    once = standing_type.print_pdf(act)
    assert plainly == []
    settings.STANDING_TYPE_CHECKED = 1
    assert standing_type.print_pdf(act) == once
    assert plainly == [act]
    assert proofs.reason_to_stop() == ""


def test_a_difference_is_told_and_stops_the_short_cut_until_it_is_lifted(
    settings, caplog, plainly, another_name, monkeypatch, act
):
    settings.STANDING_TYPE_CHECKED = 1
    printed = standing_type.print_pdf(act)
    assert printed == press.print_plainly(act)
    (told,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "what the pages draw" in told.getMessage()
    assert "what the pages draw" in proofs.reason_to_stop()
    (warning,) = check_standing_type(None)
    assert "--resume" in warning.hint

    # Every process knows, this one and those that start.
    monkeypatch.undo()
    settings.STANDING_TYPE_CHECKED = 0
    assert standing_type.print_pdf(act) == printed
    standing_type._standing_type.cache_clear()
    assert standing_type.print_pdf(act) == printed

    said = io.StringIO()
    call_command("standing_type", stdout=said)
    assert "arrêtée" in said.getvalue()
    call_command("standing_type", "--resume", stdout=said)
    assert proofs.reason_to_stop() == ""
    standing_type._standing_type.cache_clear()
    assert standing_type.print_pdf(act) != printed


def test_a_process_that_runs_learns_from_another_when_a_document_is_due(settings, act):
    settings.STANDING_TYPE_CHECKED = 0
    quick = standing_type.print_pdf(act)
    proofs.stop("0" * 32, ["tags"])
    assert standing_type.print_pdf(act) == quick
    settings.STANDING_TYPE_CHECKED = 1
    assert standing_type.print_pdf(act) == press.print_plainly(act)
    proofs.resume()
    assert standing_type.print_pdf(act) == quick


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"number": "2022DECAD077"}, "what the pages draw"),
        ({"executor": ""}, "what the pages draw"),
        ({"reference": "ENT-2022-34338"}, "what the pages draw"),
    ],
)
def test_another_fact_is_a_difference(changes, where, act):
    other = page_html(text("decision"), replace(ACT, **changes))
    assert where in proofs.differences(press.print_plainly(act)[0], press.print_plainly(other)[0])


def test_what_no_page_shows_is_compared_too(act):
    def printed(html, *files: EmbeddedFile) -> bytes:
        return press.print_plainly(html, files)[0]

    source = source_of("ENT", text("decision"), {"dated_on": None})
    assert proofs.differences(printed(act), printed(act)) == []
    titled = act.replace("<title>", "<title>Autre ")
    assert proofs.differences(printed(titled), printed(act)) == ["title, author, dates"]
    assert proofs.differences(printed(act, source), printed(act)) == ["the files that it carries"]
    marked = act.replace("<h2>", "<p>", 1).replace("</h2>", "</p>", 1)
    assert {"tags", "bookmarks"} <= set(proofs.differences(printed(marked), printed(act)))


def test_a_document_that_carries_its_values_is_its_plain_print(settings):
    settings.STANDING_TYPE_CHECKED = 1
    assert render(text("decision"), ACT).content.startswith(b"%PDF-1.7")
    assert proofs.reason_to_stop() == ""
