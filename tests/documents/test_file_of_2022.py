"""The act and the convention that were really signed in 2022, entered by an agent as models.

The file is not shipped: these tests read it beside the checkout, and skip without it.
"""

import re
from pathlib import Path

import pytest
from django.urls import reverse

from documents.models import TextModel
from documents.rendering import render

from .samples import CONVENTION, EXECUTORY_ACT

FILE = (
    Path(__file__).resolve().parents[3]
    / "shared"
    / "reference"
    / "villeneuve-2022-act-and-convention.txt"
)

pytestmark = pytest.mark.django_db

# What the agent replaces by a field, and what that field prints for Villeneuve.
CONVENTION_FACTS = (
    ("2 école(s)", "{{ nombre_d_ecoles }}", "2 écoles"),
    ("2 x 45€ soit 90€", "{{ calcul }}", "2 × 45 € soit 90 €"),
    ("45 € TTC", "{{ participation_par_ecole }} TTC", "45 € TTC"),
    ("2022-2023", "{{ annee_scolaire }}", "2022-2023"),
    ("1 septembre 2023", "{{ date_de_fin }}", "1er septembre 2023"),
    ("tribunal administratif de Montpellier", "{{ tribunal }}", None),
    ("la Rectrice de l'académie de Montpellier", "{{ responsable_de_traitement }}", None),
)
ACT_FACTS = (
    ("la commune de Villeneuve-lès-Maguelone", "{{ collectivite }}", None),
    ("45€", "{{ participation_par_ecole }}", "45 €"),
    ("2022-23", "{{ annee_scolaire }}", "2022-2023"),
    (
        "sur le site internet de la Commune",
        "{{ publicite }}",
        "sur le site internet de la commune de Villeneuve-lès-Maguelone",
    ),
    ("Préfet de l'Hérault", "{{ prefet }}", None),
    ("Tribunal administratif de Montpellier", "{{ tribunal_administratif }}", None),
)


@pytest.fixture(scope="module")
def parts():
    """The lines of the act and those of the convention, without their heads and signatures."""
    if not FILE.is_file():
        pytest.skip("the file of 2022 (shared/reference) is not beside this checkout")
    act, _, convention = FILE.read_text(encoding="utf-8").partition("RÉGION ACADÉMIQUE OCCITANIE\n")
    return (
        [
            *_between(act, "Vu le Code", "FAIT A VILLENEUVE"),
            "## Mentions",
            *_between(act, "La présente décision sera publiée"),
        ],
        _between(convention, "NB : En cas de paiement", "A Montpellier, le 10/10/2022"),
    )


def _between(text, start, end=None):
    lines = text[text.index(start) : text.index(end) if end else None].split("\n")
    return [line.strip() for line in lines if line.strip()]


def with_fields(line, facts):
    for fact, field, _ in facts:
        line = line.replace(fact, field)
    return line


def as_printed(line, facts):
    for fact, _, printed in facts:
        line = line.replace(fact, fact if printed is None else printed)
    return line


def convention_text(lines):
    """What the agent types: titles marked, facts replaced, the schools' line as its field."""
    typed = []
    for line in lines:
        if line.startswith("0341255E"):
            line = "{{ liste_des_ecoles }}"
        elif re.match(r"Article \d+\.\d+ ", line):
            line = f"### {line}"
        elif re.match(r"(Article \d+|Préambule) ", line):
            line = f"## {line}"
        typed.append(with_fields(line, CONVENTION_FACTS))
    return "\n\n".join(typed)


def act_text(lines):
    typed = []
    for line in lines:
        line = re.sub(r"^ARTICLE (\d) : ", r"### Article \1\n\n", line)
        typed.append(with_fields("## Décide" if line == "DECIDE" else line, ACT_FACTS))
    return "\n\n".join(typed)


def entered(client, kind, body, title):
    """Enter a text in the editor, publish it, and return it as it is kept."""
    address = reverse("admin:documents_textmodel_add")
    answer = client.post(f"{address}?kind={kind}", {"title": title, "body": body, "seen": 1})
    assert answer.status_code == 302, answer.context["errors"]
    text = TextModel.objects.get(kind=kind)
    client.post(reverse("admin:documents_textmodel_publish", args=[text.pk]))
    text.refresh_from_db()
    assert text.is_published
    return text


def bare(words: str) -> str:
    """The letters and figures alone: lines, pages and spaces fall where they may."""
    without_foot = re.sub(r"ENT-2022-34337 · page \d+ / \d+", "", words)
    return re.sub(r"\W", "", without_foot).casefold()


@pytest.fixture
def agent(client, rectorat):
    client.force_login(rectorat)
    return client


def test_the_convention_of_2022_comes_out_complete(agent, parts, printed_text):
    lines = parts[1]
    text = entered(agent, "convention", convention_text(lines), "Convention de partenariat")
    words = printed_text(render(text, CONVENTION).content, "-layout")
    printed = bare(printed_text(render(text, CONVENTION).content))
    lost = [
        line
        for line in lines
        if not line.startswith("0341255E")
        and bare(as_printed(line, CONVENTION_FACTS)) not in printed
    ]
    assert lost == []
    headings = [line for line in lines if re.match(r"Article \d+ ", line)]
    assert len(headings) == 11
    for school in CONVENTION.schools:
        assert school.uai in words
        assert bare(school.name) in printed
    region, commune = CONVENTION.region, CONVENTION.collectivity
    for party in (region.full_name, region.signatory, *region.signatory_titles):
        assert bare(party) in printed
    for party in (
        commune.title,
        commune.siret,
        commune.representative,
        "ci-après « la collectivité",
    ):
        assert bare(party) in printed


def test_the_act_of_2022_comes_out_complete(agent, parts, printed_text):
    lines = parts[0]
    text = entered(agent, "decision", act_text(lines), "Convention ENT-École")
    printed = bare(printed_text(render(text, EXECUTORY_ACT).content))
    facts = (*ACT_FACTS, ("DECIDE", "", "Décide"), ("## Mentions", "", ""))
    expected = [as_printed(line, facts) for line in lines]
    assert [line for line in expected if bare(line) not in printed] == []
    for mention in (
        "Décision n° 2022DECAD076",
        "Fait à Villeneuve-lès-Maguelone, le 10 octobre 2022",
        "Véronique NEGRET",
        "Acte rendu exécutoire après dépôt en préfecture le 13 octobre 2022",
        "et publication le 13 octobre 2022",
    ):
        assert bare(mention) in printed
