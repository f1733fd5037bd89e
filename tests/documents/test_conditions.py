"""Paragraphs that a text prints only where something is owed, or only where nothing is."""

import re
from dataclasses import replace

import pytest

from documents.contexts import LetterContext, TariffWords
from documents.rendering import page_html
from documents.wording.conditions import printed, says_free
from documents.wording.proofreading import proofread

from .samples import CONTEXTS, text

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


FREE = TariffWords("0 €", "0 €", "sans contrepartie financière", "0 € (gratuit)", is_free=True)
# What speaks of a sum, but for saying that none is due.
OF_SUMS = re.compile(r"\d €|coût|somme|perçu|paie|pay[ée]|titre de perception|reste due")


@pytest.mark.parametrize("kind", CONTEXTS)
def test_the_shipped_texts_speak_of_no_sum_where_nothing_is_owed(kind):
    context = CONTEXTS[kind]
    free = {"is_free": True} if isinstance(context, LetterContext) else {"tariff": FREE}
    page = page_html(text(kind), replace(context, **free))
    words = re.sub(r"<style.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)
    assert OF_SUMS.findall(words.replace("\xa0", " ")) == []


@pytest.mark.parametrize("kind", ["convention", "formal_notice", "termination"])
def test_they_do_where_something_is(kind):
    assert OF_SUMS.search(page_html(text(kind), CONTEXTS[kind]))
