"""A document is printed with the product's own typefaces, whatever a name is written with."""

import io
from dataclasses import replace

import pikepdf
import pytest

from documents.press import plain as press
from documents.press import standing_type
from documents.press.characters import characters, printable
from documents.press.typesetting import CASE
from documents.rendering import page_html

from .samples import ACT, CONVENTION, party_of, text

WORDS = {
    "as most write it": ("Saint-Jean", "Saint-Jean"),
    "a no-break hyphen, as word processors write it": ("Saint\u2011Jean", "Saint-\u2060Jean"),
    "accents apart from their letters": ("E\u0301cole a\u0300", "École à"),
    "a soft hyphen, spaces of no width": ("Sai\u00adnt\u200b-\u200dJean\ufeff", "Saint-Jean"),
    "marks of direction": ("\u200fSaint\u202e-Jean\u202c", "Saint-Jean"),
    "ligatures and other forms": ("\ufb03che \uff21\u2460", "ffiche A1"),
    "ends of line": ("Saint\u2028Jean\u2029du\u0085Gard\vet\f", "Saint Jean du Gard et "),
    "control characters": ("Saint\x00-\x1fJean", "Saint-Jean"),
    "writings that the faces lack": ("学 م", "□ □"),
    "pictures": ("École 🏫\ufe0f", "École □"),
    "half of a character": ("Saint\ud800", "Saint□"),
    "signs of mark-up in other forms": ("\uff1cb\uff1e \uff06", "&lt;b&gt; &amp;"),
    "an accent after a tag": ("<p>\u0338a</p>", "<p>\u0338a</p>"),
    "Greek, Cyrillic, Hebrew": ("Αθήνα Žďár Ж אבג", "Αθήνα Žďár Ж אבג"),
}


@pytest.mark.parametrize(("typed", "printed"), WORDS.values(), ids=WORDS)
def test_every_character_becomes_one_of_the_faces(typed, printed):
    assert printable(typed) == printed
    assert printable(printed) == printed


def test_the_type_case_holds_no_character_that_the_faces_lack():
    assert characters().issuperset(CASE)


def test_a_capital_is_as_printable_as_its_small_letter():
    assert all(characters().issuperset(sign.upper()) for sign in characters())


def faces_of(content: bytes) -> set[str]:
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return {
            str(item.BaseFont).partition("+")[2]
            for item in pdf.objects
            if isinstance(item, pikepdf.Dictionary) and "/DescendantFonts" in item
        }


@pytest.mark.parametrize("make", [press.print_plainly, standing_type.print_pdf])
def test_no_typeface_of_the_machine_is_used(make):
    for words in ("".join(sorted(characters())), *(typed for typed, _ in WORDS.values())):
        party = party_of(words.replace("<", ""), address=(words[::-1],))
        content, _ = make(page_html(text("decision"), replace(ACT, collectivity=party)))
        assert faces_of(content) <= {"Document", "Document-Bold", "Document-Italic"}


def test_a_no_break_hyphen_is_printed_whoever_came_before(printed_text):
    for name in ("Saint-Jean", "Saint\u2011Jean"):
        schools = (replace(CONVENTION.schools[0], name=f"École primaire {name}"),)
        html = page_html(text("convention"), replace(CONVENTION, schools=schools))
        for make in (standing_type.print_pdf, press.print_plainly):
            words = printed_text(make(html)[0]).replace("\u2060", "")
            assert "École primaire Saint-Jean" in words
