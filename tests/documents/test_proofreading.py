"""What is refused in a text, at its line, with what to do."""

import pytest

from documents.models import TextModel
from documents.wording.proofreading import MAX_LENGTH, SHOWN, proofread

from .samples import text

BODY = text("decision").body


def faults(addition: str, kind: str = "decision") -> list[str]:
    """What is found in a shipped text with `addition` before it, at line 1."""
    return [str(fault) for fault in proofread(kind, f"{addition}\n\n{text(kind).body}")]


@pytest.mark.parametrize("kind", TextModel.Kind.values)
def test_the_shipped_texts_have_no_fault(kind):
    assert proofread(kind, text(kind).body) == []


@pytest.mark.parametrize(
    ("addition", "message"),
    [
        ("Vu {{ collectivité }} ;", "Vouliez-vous dire {{ collectivite }}"),
        ("Vu {{ nombre d'écoles }} ;", "Vouliez-vous dire {{ nombre_d_ecoles }}"),
        ("Vu {{ Montant total }} ;", "Vouliez-vous dire {{ montant }}"),
        ("Vu {{ qwertyuiop }} ;", "Choisissez-en un dans la liste"),
        ("Vu {{ liste_des_ecoles }} ;", "dans un texte de nature « décision »"),
        ("Vu {{ montant } ;", "Accolades mal fermées"),
        ("Vu { montant }} ;", "Accolades mal fermées"),
        ("Vu montant }} ;", "Accolades mal fermées"),
        ("Vu {{ {{ montant }} ;", "Accolades mal fermées"),
        ("Vu {% now %} ;", "Accolades mal fermées"),
        ("Vu {{ montant.__class__ }} ;", "n'existe pas"),
        ("Ici {{ visa_delegation }} aussi.", "seul dans son paragraphe"),
        ("Vu **la loi ;", "« * » n'a pas sa moitié"),
        ("Vu la loi* ;", "« * » n'a pas sa moitié"),
        ("Vu _la loi ;", "« _ » n'a pas sa moitié"),
        ("<b>Vu</b> la loi ;", "Code HTML"),
        ("Vu <script ;", "Code HTML"),
        ("Vu &nbsp;la loi ;", "tapez le caractère"),
        ("[Vu](https://example.org) ;", "Liens et images"),
        ("```", "blocs de code"),
        ("> Vu la loi ;", "citations"),
        ("-----", "filets"),
        ("Vu la\u2028loi ;", "Caractère invisible"),
        ("# Vu", "commencez par « ## »"),
        ("#### Vu", "Deux niveaux"),
        ("##Vu", "mettez une espace"),
        ("## ", "Titre vide"),
        ("a | b", "Tableau mal formé"),
        ("| a | b |\n|---|", "Tableau mal formé"),
        ("| a | b |\n|---|---|", "Tableau sans ligne"),
        ("- a\n  - b\n    - c\n      - d", "3 niveaux de liste"),
        pytest.param("a" * 20_001, "coupez-le", id="too-long"),
    ],
)
def test_a_fault_is_said_with_what_to_do(addition, message):
    assert any(message in fault for fault in faults(addition)), faults(addition)


def test_a_row_that_would_lose_a_cell_is_refused_at_its_line():
    (fault,) = faults("| a | b |\n|---|---|\n| 1 | 2 |\n| 1 | 2 | 3 |")
    assert fault.startswith("Ligne 4 : Cette ligne du tableau a 3 cellules, l'en-tête 2")


@pytest.mark.parametrize(
    "addition",
    [
        "Vu **la loi**, _notamment_ son article *premier* ;",
        r"Vu \*, \_, \{, \}, \<b> et \| ;",
        "Vu 5 * 3, x < y, R&D et snake_case ;",
        "Signature : ______",
        "| a | b |\n|:---|---:|\n| 1 | {{ montant }} |",
        "- un\n- deux\n  1. trois",
        "Vu (ce qui suit [note 1]) ;",
        "1 > 0",
    ],
)
def test_what_prints_as_meant_is_no_fault(addition):
    assert faults(addition) == []


def test_every_fault_is_found_at_once_each_at_its_line_with_its_words():
    found = faults("Vu {{ montan }} ;\n\nVu **la loi ;\n\nVu <b>elle ;")
    assert [fault.split(" : ")[0] for fault in found] == ["Ligne 1", "Ligne 3", "Ligne 5"]
    assert found[1].endswith("[Vu **la loi ;]")


def test_the_line_is_that_of_the_words_within_a_paragraph():
    (fault,) = faults("Vu la loi\net *l'autre\net la suite ;")
    assert fault.startswith("Ligne 2 ")


@pytest.mark.parametrize(
    ("kind", "part", "what"),
    [
        ("decision", "## Décide", "Décide"),
        ("decision", "Vu ", "les visas"),
        ("decision", "### Article", "les articles"),
        ("decision", "## Mentions", "les mentions"),
        ("deliberation", "## Délibère", "Délibère"),
        ("convention", "{{ liste_des_ecoles }}", "la liste des écoles"),
        ("convention", "{{ calcul }}", "la participation"),
        ("convention", "{{ date_de_fin }}", "la fin de la convention"),
        ("convention", "## Article", "les articles"),
        ("amendment", "{{ reference_convention }}", "la convention que l'avenant modifie"),
        ("formal_notice", "{{ griefs }}", "les griefs"),
        ("termination", "{{ date_de_resiliation }}", "le jour de la résiliation"),
    ],
)
def test_a_part_that_a_text_must_have_is_asked_for(kind, part, what):
    found = [str(fault) for fault in proofread(kind, text(kind).body.replace(part, "…"))]
    assert any(fault.startswith("Il manque ") and what in fault for fault in found), found


def test_the_mentions_are_the_last_part_of_an_act():
    (fault,) = proofread("decision", f"{BODY}\n### Article 6\n\nEncore.\n")
    assert fault.line == BODY.count("\n") + 2
    assert "dernière partie" in fault.message
    articles, signatures = text("convention").body.split("## Signatures")
    mentions = "## Mentions\n\n### Un\n\n"
    assert proofread("convention", f"{articles}{mentions}## Signatures{signatures}") == []


def test_a_block_is_placed_once():
    again = "{{ liste_des_ecoles }}\n\n## Signatures"
    body = text("convention").body.replace("## Signatures", again)
    (fault,) = proofread("convention", body)
    assert "une fois suffit" in fault.message


def test_a_text_beyond_forty_pages_is_refused():
    (fault,) = proofread("decision", "a" * (MAX_LENGTH + 1))
    assert "quarantaine de pages" in str(fault)


@pytest.mark.parametrize(
    "heap",
    [
        "- a\n" * 2000,
        "**a** " * 2500,
        "{{ montant }}\n" * 2500,
        "| a |\n|---|\n" + "| b |\n" * 2000,
    ],
)
def test_a_short_text_that_would_be_long_to_lay_out_is_refused(heap):
    (fault,) = proofread("decision", f"{heap}\n\n{BODY}")
    assert "2\u202f500 éléments" in str(fault)


def test_faults_by_the_thousand_are_cut_short():
    found = proofread("decision", "Vu {{ x }} ;\n\n" * 5000)
    assert len(found) == SHOWN + 1
    assert "autres points" in str(found[-1])
