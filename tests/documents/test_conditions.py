"""Paragraphs that a text prints only where something is owed, or only where nothing is."""

import pytest

from documents.wording.conditions import printed, says_free
from documents.wording.proofreading import proofread

BODY = """Avant.

{{ si_payant }}

Payant.

{{ fin_si }}

{{ si_gratuit }}

Gratuit.

{{ fin_si }}

Après.
"""


@pytest.mark.parametrize(("is_free", "kept"), [(True, "Gratuit."), (False, "Payant.")])
def test_only_what_applies_is_printed(is_free, kept):
    assert printed(BODY, is_free=is_free).split() == ["Avant.", kept, "Après."]


def test_spaces_that_do_not_break_are_blanks_too():
    body = BODY.replace("{{ ", "{{\N{NO-BREAK SPACE}").replace(" }}", "\N{NO-BREAK SPACE}}}")
    assert printed(body, is_free=False) == printed(BODY, is_free=False)


def test_a_text_without_condition_is_printed_as_it_is():
    assert printed("Tout.\n", is_free=True) == "Tout.\n"
    assert not says_free("Tout.\n")
    assert says_free(BODY)


def faults_about_pairs(body):
    return [fault.line for fault in proofread("amendment", body) if "va par deux" in fault.message]


def test_conditions_may_stand_several_times():
    assert faults_about_pairs(BODY) == []
    assert not [f for f in proofread("amendment", BODY) if "déjà placé" in f.message]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("{{ si_payant }}\n\nOuvert.\n", 1),
        ("Rien.\n\n{{ fin_si }}\n", 3),
        ("{{ si_payant }}\n\n{{ si_gratuit }}\n\n{{ fin_si }}\n", 3),
        ("- {{ si_payant }}\n\nDans une liste, il ne serait pas vu.\n", 1),
    ],
)
def test_a_condition_without_its_other_half_is_a_fault_at_its_line(body, line):
    assert faults_about_pairs(body) == [line]
