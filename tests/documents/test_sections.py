"""What stands around the articles: head, parties and signatures, in the words of the text."""

from dataclasses import replace

import pytest

from documents.models import TextModel
from documents.rendering import page_html, render
from documents.wording.proofreading import proofread
from documents.wording.sections import NAMES, split_sections

from .samples import CONTEXTS, CONVENTION, text

BETWEEN_PARTIES = ["convention", "amendment"]
OF_A_DSDEN = """## En-tête

Académie de Montpellier
DSDEN de l'Hérault

## Parties

Entre :

La direction des services départementaux de l'éducation nationale de l'Hérault
{{ adresse_region }}
représentée par {{ signataire_region }}, {{ titres_region }},
ci-après « la DSDEN »,

et :

{{ nom_collectivite }}
représentée par {{ nom_representant }}{{ habilitation }},
ci-après « la commune ».

## Texte

"""


def body_of(kind: str, name: str) -> str:
    return split_sections(text(kind).body)[name]


def with_sections(kind: str, body: str) -> TextModel:
    return TextModel(kind=kind, version=1, title=text(kind).title, body=body)


@pytest.mark.parametrize("kind", BETWEEN_PARTIES)
def test_a_text_kept_before_it_had_sections_prints_as_the_shipped_one(kind):
    old = with_sections(kind, body_of(kind, "Texte"))
    assert list(split_sections(old.body)) == ["Texte"]
    assert proofread(kind, old.body) == []
    assert page_html(old, CONTEXTS[kind]) == page_html(text(kind), CONTEXTS[kind])


@pytest.mark.parametrize("kind", BETWEEN_PARTIES)
def test_the_shipped_texts_say_every_section(kind):
    assert set(split_sections(text(kind).body)) == set(NAMES)


def test_another_body_of_the_state_is_the_first_party(printed_text):
    body = OF_A_DSDEN + body_of("convention", "Texte")
    assert proofread("convention", body) == []
    words = printed_text(render(with_sections("convention", body), CONVENTION).content)
    assert words.startswith("ACADÉMIE DE MONTPELLIER DSDEN DE L'HÉRAULT")
    assert "Liberté" not in words
    assert "ci-après « la DSDEN »" in words
    assert "ci-après « la région académique »" not in words
    # What it does not say is the shipped text's.
    assert "Signé le :" in words


def test_a_name_is_printed_as_it_is_written_in_a_section():
    name = "*Saint* <b>d'Aulps</b>"
    context = replace(CONVENTION, collectivity=replace(CONVENTION.collectivity, title=name))
    assert "*Saint* &lt;b&gt;d’Aulps&lt;/b&gt;" in page_html(text("convention"), context)


def test_no_date_and_no_name_are_left_to_be_filled_in():
    nobody = replace(CONVENTION.collectivity, representative="", civility="", siret="", address=())
    page = page_html(text("convention"), replace(CONVENTION, collectivity=nobody, signed_on=None))
    for blank in ("SIRET\xa0: ……", "Adresse\xa0: ……", "représentée par ……", "À Montpellier, le ……"):
        assert blank in page


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("{{ nom_collectivite }}\nSIRET", "La commune\nSIRET", "le nom de la collectivité"),
        ("{{ habilitation }}", "", "l'acte qui habilite"),
        ("le {{ date_de_signature }}", "le", "la date au-dessus des signatures"),
        ("{{ signataire_region }}\n{{ titres", "{{ titres", "la signature de l'État"),
        ("\net :\n\n", "", "il y en a 1"),
        ("## Texte\n", "", "ouvrez les articles par la ligne « ## Texte »"),
        ("Entre :", "- Entre :", "n'a que des lignes de texte"),
        ("## En-tête\n", "## En-tête\n\n## En-tête\n", "est déjà plus haut"),
        ("Entre :", "{{ liste_des_ecoles }}", "parmi les articles seulement"),
    ],
)
def test_a_section_that_lacks_something_is_refused(before, after, message):
    body = text("convention").body
    assert before in body
    faults = [str(fault) for fault in proofread("convention", body.replace(before, after, 1))]
    assert any(message in fault for fault in faults), faults


def test_an_act_has_no_such_sections():
    body = text("decision").body.replace("## Mentions", "## Parties\n\nA\n\n## Mentions")
    assert proofread("decision", body) == []
    page = page_html(with_sections("decision", body), CONTEXTS["decision"])
    assert "<h2>Parties</h2>" in page
