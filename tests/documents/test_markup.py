"""How a text is read: a little Markdown, and declared fields."""

import pytest

from documents.models import TextModel
from documents.wording.fields import FIELDS, fields_of, listed_fields
from documents.wording.markup import FieldError, to_html, used_fields
from documents.wording.proofreading import proofread

from .samples import ACT, CONTEXTS, CONVENTION, text


def test_an_unknown_field_is_refused_and_the_known_ones_are_named():
    with pytest.raises(FieldError, match=r"« nom_du_chien » n'existe pas.*annee_scolaire"):
        to_html("decision", "Vu {{ nom_du_chien }}.", ACT)


def test_a_field_of_another_kind_of_text_is_refused():
    with pytest.raises(FieldError, match="calcul"):
        to_html("decision", "{{ calcul }}", ACT)


def test_a_field_left_open_is_refused():
    with pytest.raises(FieldError, match="mal fermé"):
        to_html("decision", "Vu {{ montant }.", ACT)


def test_a_table_field_inside_a_sentence_is_refused():
    with pytest.raises(FieldError, match="seul dans son paragraphe"):
        to_html("convention", "Voici {{ liste_des_ecoles }}.", CONVENTION)


def test_a_field_takes_its_value_inside_emphasis_headings_and_tables():
    body = "## Article {{montant}}\n\n**{{ montant }}**\n\n| A |\n|---|\n| {{ montant }} |\n"
    html = to_html("decision", body, ACT)
    assert "<h2>Article 90\u00a0€</h2>" in html
    assert "<strong>90\u00a0€</strong>" in html
    assert '<th scope="col">A</th>' in html
    assert "<td>90\u00a0€</td>" in html


@pytest.mark.parametrize(
    "literal", ["<b>gras</b>", "![image](https://example.org/x.png)", "[lien](https://a.org)"]
)
def test_html_images_and_links_print_literally(literal):
    html = to_html("decision", literal, ACT)
    assert "<b>" not in html
    assert "<img" not in html
    assert "<a " not in html


@pytest.mark.parametrize("kind", TextModel.Kind.values)
def test_the_shipped_texts_use_known_fields(kind):
    assert used_fields(kind, text(kind).body)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.key)
def test_every_declared_field_has_a_value_in_each_of_its_texts(field):
    for kind in field.kinds:
        assert field.html(CONTEXTS[kind]) or field.is_block


def test_field_keys_are_unique():
    assert len({field.key for field in FIELDS}) == len(FIELDS)
    assert "liste_des_ecoles" not in fields_of("decision")


def test_a_field_with_a_capital_begins_a_sentence():
    html = to_html("decision", "{{ Collectivite }} et {{ collectivite }}.", ACT)
    of = "a commune de Villeneuve-lès-Maguelone"
    assert f"L{of} et l{of}." in html


def test_a_capital_keeps_what_a_value_is():
    html = to_html("termination", "{{ Conciliation }}.", CONTEXTS["termination"])
    assert 'La conciliation du <span class="unbroken">1' in html


def test_each_field_is_listed_once_and_a_capital_counts_for_what_must_be_there():
    assert not [field for field in listed_fields("decision") if field.key[0].isupper()]
    body = text("decision").body
    assert proofread("decision", body.replace("{{ montant }}", "{{ Nombre_d_ecoles }}")) == []
    assert proofread("decision", body.replace("{{ collectivite }}", "{{ Collectivite }}")) == []
    (fault,) = proofread("decision", body.replace("{{ collectivite }} et", "{{ Colectivite }} et"))
    assert "{{ Collectivite }}" in str(fault) or "{{ collectivite }}" in str(fault)
