"""What identifies an issued document: its reference, its QR code, the values it carries."""

import json
import re
import shutil
import subprocess
from dataclasses import replace

import pytest
import zxingcpp
from PIL import Image

from documents.contexts import to_json
from documents.models import TextModel
from documents.references import mark_of, read_reference, reference_of
from documents.rendering import render

from .samples import ACT, CONTEXTS, CONVENTION, EXECUTORY_ACT, party_of, text

SITE = "https://conventions.region-academique-occitanie.example"


@pytest.fixture
def scan(tmp_path):
    """Function from a PDF's bytes to one of its pages as scanned: grey, 150 points an inch."""
    if not shutil.which("pdftoppm"):
        pytest.skip("pdftoppm (poppler-utils) is not installed")

    def scanned(content: bytes, number: int = 1) -> Image.Image:
        pages = ["-f", str(number), "-l", str(number)]
        command = ["pdftoppm", "-r", "150", "-gray", "-singlefile", *pages, "-"]
        subprocess.run([*command, str(tmp_path / "page")], input=content, check=True)
        with Image.open(tmp_path / "page.pgm") as page:
            page.load()
            return page

    return scanned


def codes_of(page: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(page)]


def carried(pdf) -> dict:
    """The values that the PDF carries, as read by any PDF reader."""
    (attached,) = pdf.attachments.values()
    return json.loads(attached.get_file().read_bytes())


def of(kind: str, context) -> str:
    return reference_of(text(kind), to_json(context))


def test_a_reference_names_the_file_the_kind_and_a_code_without_ambiguous_signs():
    prefix, code = of("convention", CONVENTION).rsplit("-", 1)
    assert prefix == "ENT-2022-34337-C"
    assert len(code) == 8
    assert not set(code) & set("0O1IL2Z5S8BUVNAEDQ")


@pytest.mark.parametrize("kind", TextModel.Kind.values)
def test_every_kind_of_document_has_a_reference(kind):
    context = CONTEXTS[kind]
    assert of(kind, context).startswith(f"{context.reference}-")
    assert render(text(kind), context).reference == of(kind, context)


def test_the_same_text_and_facts_have_the_same_reference():
    again = json.loads(json.dumps(to_json(CONVENTION), sort_keys=True))
    assert reference_of(text("convention"), again) == of("convention", CONVENTION)


def test_another_fact_or_another_text_has_another_reference():
    changed = text("decision")
    changed.body += "\nUn article de plus.\n"
    next_version = text("decision")
    next_version.version = 2
    references = {
        of("decision", ACT),
        of("decision", EXECUTORY_ACT),
        of("decision", replace(ACT, number="2022DECAD077")),
        reference_of(changed, to_json(ACT)),
        reference_of(next_version, to_json(ACT)),
    }
    assert len(references) == 5


@pytest.mark.parametrize(
    "typed",
    [
        "ENT-2022-34337-C-K7XJ4R9P",
        " ent 2022 34337 c k7xj4r9p ",
        "ENT–2022–34337–C–K7XJ4R9P",
        f"{SITE}/verifier/ENT-2022-34337-C-K7XJ4R9P/",
    ],
)
def test_a_reference_is_read_however_it_is_typed(typed):
    assert read_reference(typed) == "ENT-2022-34337-C-K7XJ4R9P"


@pytest.mark.parametrize("kind", TextModel.Kind.values)
def test_a_document_carries_the_values_it_was_made_from(opened, kind):
    rendered = render(text(kind), CONTEXTS[kind])
    pdf = opened(rendered.content)
    assert carried(pdf) == {
        "reference": rendered.reference,
        "kind": kind,
        "text_version": 1,
        "facts": to_json(CONTEXTS[kind]),
    }
    for specification in pdf.Root.AF:
        assert str(specification.AFRelationship) == "/Source"
        assert str(specification.EF.F.Subtype) == "/application/json"


@pytest.mark.parametrize("kind", TextModel.Kind.values)
def test_a_scan_of_the_first_page_is_recognised(scan, settings, kind):
    settings.SITE_URL = SITE
    rendered = render(text(kind), CONTEXTS[kind])
    assert f"{SITE}/verifier/{rendered.reference}" in codes_of(scan(rendered.content))


@pytest.mark.parametrize("kind", ["convention", "amendment", "decision", "deliberation"])
def test_a_scan_of_the_page_to_sign_is_recognised(scan, settings, kind):
    settings.SITE_URL = SITE
    rendered = render(text(kind), CONTEXTS[kind])
    last = scan(rendered.content, rendered.pages)
    assert f"{SITE}/verifier/{rendered.reference}" in codes_of(last)


def test_the_code_has_its_correction_and_its_quiet_zone(scan, settings):
    settings.SITE_URL = SITE
    rendered = render(text("decision"), ACT)
    (first, _) = zxingcpp.read_barcodes(scan(rendered.content))
    assert first.ec_level == "M"
    code = mark_of(rendered.reference).qr_code
    side = int(re.search(r'viewBox="0 0 (\d+) ', code)[1])
    strokes = re.findall(r"M(\d+) (\d+)\.5L(\d+) ", code)
    assert all(
        4 <= int(left) < int(right) <= side - 4 and 4 <= int(line) < side - 4
        for left, line, right in strokes
    )


def test_a_scan_is_recognised_upside_down_and_askew(scan, settings):
    settings.SITE_URL = SITE
    rendered = render(text("decision"), ACT)
    page = scan(rendered.content).rotate(184, fillcolor=255, expand=True)
    assert f"{SITE}/verifier/{rendered.reference}" in codes_of(page)


def test_the_reference_and_the_page_to_verify_it_are_printed(printed_text, settings):
    settings.SITE_URL = "https://ent.example.fr"
    rendered = render(text("convention"), CONVENTION)
    words = printed_text(rendered.content)
    assert words.count(f"Document {rendered.reference}") == 2
    assert "À vérifier sur ent.example.fr/verifier" in words


def test_the_title_of_an_act_keeps_clear_of_the_code(scan, settings):
    settings.SITE_URL = SITE
    long = replace(
        ACT,
        number="2022-DELIBERATION-0123456789-A",
        collectivity=party_of("Saint-Germain-de-Calberte-et-Saint-Étienne-Vallée-Française"),
    )
    rendered = render(text("deliberation"), long)
    found = codes_of(scan(rendered.content))
    assert found == [f"{SITE}/verifier/{rendered.reference}"] * 2


def test_a_draft_bears_no_reference_and_carries_nothing(opened, printed_text):
    rendered = render(text("convention"), CONVENTION, draft=True)
    assert rendered.reference == ""
    words = printed_text(rendered.content)
    assert "Projet, à lire seulement" in words
    assert "À vérifier sur" not in words
    assert not opened(rendered.content).attachments
