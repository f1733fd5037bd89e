"""Whoever was printed before, a document is what the plain press makes of it: any characters."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents.press import plain as press
from documents.press import standing_type
from documents.press.proofs import differences
from documents.rendering import page_html

from .samples import ACT, CONVENTION, party_of, text
from .test_standing_type import forget

ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "éèêëàâçôùûüÿœæÉÈÀÇŒÆßı",
    "-'’–—.,/()°«»&<>\"*_|#{}",
    "   \u00a0\u202f\u2009\u3000\t\n",
    "0123456789",
    "\u0301\u0300\u0302\u0327\u0338\u0345",
    "\u2011\u2010\u00ad\u200b\u200c\u200d\u2060\ufeff\ufe0f\u202e\u200f\u2028\u0085",
    "ﬁﬂﬀ①ＡÅΩµ½㎡",
    "ŽďřŁşĞαβΩЖщאבגمرحبا学校",
    "🏫👩\u200d🏫❤☺",
)
SIGNS = st.one_of(*map(st.sampled_from, ALPHABETS))
WORDS = st.one_of(
    st.text(SIGNS, min_size=1, max_size=40),
    st.text(st.sampled_from("abcdeé-' "), min_size=1, max_size=120),
    st.text(min_size=1, max_size=30),
    st.sampled_from(["Saint-Jean", "Saint\u2011Jean", "W" * 70, "fi fl ffi", "\u00a0", "x\u0302"]),
)
NAMES = st.tuples(WORDS, WORDS, WORDS)


def act_of(names):
    town, street, person = names
    party = party_of(town, address=(street, town), representative=person)
    return page_html(text("decision"), replace(ACT, collectivity=party, number=street))


def convention_of(names):
    town, street, person = names
    party = party_of(town, address=(street, town), representative=person)
    schools = [
        replace(CONVENTION.schools[0], name=street, commune=town),
        replace(CONVENTION.schools[1], name=town, uai=person),
    ]
    return page_html(
        text("convention"), replace(CONVENTION, collectivity=party, schools=tuple(schools))
    )


def assert_each_prints_itself(first: str, second: str):
    """Print A then B, and B then A, each time as a new process: each must be its plain print."""
    plain = {html: press.print_plainly(html)[0] for html in (first, second)}
    for order in ((first, second), (second, first)):
        forget()
        for html in order:
            assert differences(standing_type.print_pdf(html)[0], plain[html]) == []


@pytest.fixture(autouse=True)
def no_second_print(settings):
    settings.STANDING_TYPE_CHECKED = 0


UNHURRIED = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    "derandomize": True,
}


@given(NAMES, NAMES)
@settings(max_examples=12, **UNHURRIED)
def test_an_act_is_its_own_whoever_came_before(first, second):
    assert_each_prints_itself(act_of(first), act_of(second))


@pytest.mark.nightly
@given(NAMES, NAMES)
@settings(max_examples=300, **UNHURRIED | {"derandomize": False})
def test_any_act_is_its_own_whoever_came_before(first, second):
    assert_each_prints_itself(act_of(first), act_of(second))


@pytest.mark.nightly
@given(NAMES, NAMES)
@settings(max_examples=60, **UNHURRIED | {"derandomize": False})
def test_any_convention_is_its_own_whoever_came_before(first, second):
    assert_each_prints_itself(convention_of(first), convention_of(second))


def test_a_letter_that_is_shorter_as_a_capital_breaks_lines_where_it_should():
    # The heading of an act is in capitals: "ﬂ" has three bytes, "FL" two.
    names = [("Agde", number, "Camille") for number in ("Jean ﬂeur ﬂeur Saint la ﬂeur", "A " * 18)]
    assert_each_prints_itself(*map(act_of, names))


@pytest.mark.parametrize("nothing", ["\u00a0", "\u202f", "\u200b", " "])
def test_words_that_show_nothing_leave_no_place_for_others(nothing):
    known, blank = (replace(CONVENTION.collectivity, civility=words) for words in ("M.", nothing))
    pages = [
        page_html(text("convention"), replace(CONVENTION, collectivity=replace(p, capacity=w)))
        for p, w in ((known, "Maire"), (blank, nothing))
    ]
    assert_each_prints_itself(*pages)
