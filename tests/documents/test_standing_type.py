"""Pages printed again with other words are those that WeasyPrint would have made."""

import csv
import subprocess
from dataclasses import replace

import pytest

from communes.territory import COMMUNES_FILE
from documents.contexts import to_json
from documents.models import TextModel
from documents.press import formes, standing_type, typesetting
from documents.press import plain as press
from documents.press.proofs import differences
from documents.press.typesetting import set_block
from documents.references import mark_of, reference_of
from documents.rendering import page_html
from documents.wording.fields import LETTERS

from .samples import ACT, CONTEXTS, CONVENTION, convention_of, party_of, text

# Schools of a collectivity: most have one or two, a few cities have many.
COUNTS = (1, 1, 1, 2, 1, 1, 3, 2, 1, 5)
SCHOOLS = (
    "École primaire publique",
    "École maternelle publique Jean-Jacques Rousseau – Les Mûriers du Château-Neuf",
    "École élémentaire publique Élisée Reclus",
    "Regroupement pédagogique intercommunal de la Haute-Vallée",
)


@pytest.fixture(autouse=True)
def nothing_standing(caplog, settings):
    """Each test starts as a new process does, its fonts ready; the short cut never fails."""
    settings.STANDING_TYPE_CHECKED = 0
    forget()
    yield
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def forget():
    """Forget what was printed before."""
    for kept in (standing_type._standing_type, set_block, typesetting._whole_line):
        kept.cache_clear()
    for kept in (typesetting._first_line, typesetting._same, formes._begun):
        kept.cache_clear()


@pytest.fixture
def layouts(monkeypatch):
    """The documents laid out during a test."""
    laid_out = []
    lay_out = press.Press.lay_out

    def counted(warm, html):
        laid_out.append(html)
        return lay_out(warm, html)

    press.warm_press()
    typesetting.type_case()
    monkeypatch.setattr(press.Press, "lay_out", counted)
    return laid_out


def communes() -> list[dict]:
    """The communes of the region, the shortest names first."""
    with COMMUNES_FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    return sorted(rows, key=lambda row: (len(row["nom"]), row["nom"]))


def real_conventions(count: int) -> list:
    """Conventions of as many communes, from the shortest name to the longest."""
    rows = communes()
    contexts = []
    for number in range(count):
        row = rows[number * (len(rows) - 1) // (count - 1)]
        made_up = convention_of(40 if number == count // 2 else COUNTS[number % len(COUNTS)])
        schools = tuple(
            replace(line, name=SCHOOLS[(number + place) % len(SCHOOLS)], commune=row["nom"])
            for place, line in enumerate(made_up.schools)
        )
        party = party_of(
            row["nom"],
            siret=row["siret_siege_presume"],
            address=("Hôtel de ville", f"{row['codes_postaux'][:5]} {row['nom']}"),
        )
        contexts.append(
            replace(
                made_up,
                reference=f"ENT-2026-{row['code_insee']}",
                schools=schools,
                collectivity=party,
            )
        )
    return contexts


def issued(model: TextModel, context) -> str:
    """A document as it is issued: with its reference and its QR code."""
    return page_html(model, context, mark_of(reference_of(model, to_json(context))))


def assert_same_pages(html: str):
    quick, plain = standing_type.print_pdf(html)[0], press.print_plainly(html)[0]
    assert differences(quick, plain) == []


def test_real_collectivities_have_the_pages_of_the_plain_press(sample):
    for context in real_conventions(sample(8, 150)):
        assert_same_pages(issued(text("convention"), context))


@pytest.mark.parametrize("kind", TextModel.Kind.values)
def test_every_kind_of_document_has_the_pages_of_the_plain_press(kind, sample):
    context = CONTEXTS[kind]
    assert_same_pages(issued(text(kind), context))
    for row in communes()[-1 :: -len(communes()) // sample(1, 3)]:
        other = replace(context, collectivity=party_of(row["nom"]), reference=row["code_insee"])
        assert_same_pages(issued(text(kind), other))


def test_pages_are_the_same_to_the_point_on_screen(tmp_path, printed_text, sample):
    for number, context in enumerate(real_conventions(sample(2, 3))):
        html = issued(text("convention"), context)
        images = []
        for name, make in (("plain", press.print_plainly), ("quick", standing_type.print_pdf)):
            stem = tmp_path / f"{name}{number}"
            command = ["pdftoppm", "-r", "60", "-gray", "-", str(stem)]
            subprocess.run(command, input=make(html)[0], check=True)
            images.append([path.read_bytes() for path in sorted(tmp_path.glob(f"{stem.name}-*"))])
        assert images[0]
        assert images[0] == images[1]
        assert printed_text(make(html)[0]) == printed_text(press.print_plainly(html)[0])


@pytest.mark.parametrize("kind", [kind for kind in TextModel.Kind if kind not in LETTERS])
def test_a_shape_is_laid_out_once(layouts, kind):
    first, second = (
        replace(CONTEXTS[kind], collectivity=party_of(name), reference=reference)
        for name, reference in (("Agde", "ENT-2026-34003"), ("Sète", "ENT-2026-34301"))
    )
    standing_type.print_pdf(issued(text(kind), first))
    standing_type.print_pdf(issued(text(kind), second))
    assert len(layouts) == 1


def test_the_same_bytes_come_in_any_order(sample):
    pages = [issued(text("convention"), context) for context in real_conventions(sample(3, 8))]
    pages += [issued(text("decision"), replace(ACT, collectivity=party_of("Agde")))]
    first = [standing_type.print_pdf(html) for html in pages]
    forget()
    assert first == [standing_type.print_pdf(html) for html in reversed(pages)][::-1]


def test_a_letter_that_no_case_holds_is_printed_plainly():
    html = issued(text("convention"), replace(CONVENTION, collectivity=party_of("Žďár Ж")))
    assert standing_type.print_pdf(html) == press.print_plainly(html)
    # And leaves nothing behind.
    assert_same_pages(issued(text("convention"), CONVENTION))


def test_another_version_of_weasyprint_prints_plainly(monkeypatch):
    monkeypatch.setattr(standing_type, "weasyprint_version", "71.0")
    html = issued(text("decision"), ACT)
    assert standing_type.print_pdf(html) == press.print_plainly(html)


def test_standing_type_can_be_switched_off(settings):
    settings.STANDING_TYPE = False
    html = issued(text("decision"), ACT)
    assert standing_type.print_pdf(html) == press.print_plainly(html)


def test_pages_that_do_not_show_what_is_set_here_are_not_kept(monkeypatch):
    monkeypatch.setattr(standing_type, "_FOLIO", "{reference}, page {page} sur {pages}")
    html = issued(text("decision"), ACT)
    assert standing_type.print_pdf(html) == press.print_plainly(html)


BODIES = {
    "a table of the text, as wide as its words": (
        "| Collectivité | Écoles |\n|---|---|\n| {{ collectivite }} | {{ nombre_d_ecoles }} |"
    ),
    "several types on several lines": (
        "Entre *{{ region }}* et **{{ collectivite }}**, il est convenu de ce qui suit, pour "
        "*l'année {{ annee_scolaire }}*, sans que rien d'autre ne soit dû par quiconque."
    ),
    "types one in another": "Vu **l'avis de *{{ collectivite }}* ;**",
    "a heading with a line of its own": "## {{ collectivite }} *et* **{{ region }}**\n\nVu.",
    "an empty item": "- \n- {{ collectivite }}\n  - {{ region }}",
    "signs of mark-up": "Vu 1 < 2 & {{ collectivite }} &amp; \\<b>",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_whatever_a_text_holds_the_pages_are_the_plain_ones(body):
    model = TextModel(kind="decision", version=1, title="Essai", body=body)
    for name in ("Ô", "Saint-Germain-de-Calberte", "Saint-Rémy-en-Bouzemont-Saint-Genest-et-Isson"):
        assert_same_pages(issued(model, replace(ACT, collectivity=party_of(name))))


@pytest.mark.parametrize("place", ["", "position: absolute; right: 0; width: 30mm"])
def test_a_drawing_may_differ_from_one_document_to_the_next(layouts, place):
    def drawn(title, path):
        svg = (
            f'<svg viewBox="0 0 9 9" style="width: 20mm; height: 20mm"><title>{title}</title>'
            f'<path stroke="#000" d="{path}"/></svg>'
        )
        html = issued(text("decision"), ACT)
        return html.replace("<h1>", f'<div style="{place}"><p>{title}</p>{svg}</div><h1>', 1)

    first, second = (
        drawn("Un", "M1 1h7m-7 1h3"),
        drawn("Deux &amp; trois", "M2 2h5"),
    )
    standing_type.print_pdf(first)
    standing_type.print_pdf(second)
    assert len(layouts) == 1
    assert_same_pages(first)
    assert_same_pages(second)


def test_a_link_or_an_image_file_is_printed_plainly():
    html = issued(text("decision"), ACT)
    html = html.replace("<h1>", '<p><a href="https://example.org">Site</a></p><h1>', 1)
    assert standing_type.print_pdf(html) == press.print_plainly(html)
