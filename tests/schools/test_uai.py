"""UAI codes: seven digits and their key."""

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schools import uai


@pytest.mark.parametrize("code", ["0341255E", "0342026T", "0340825M"])
def test_real_codes_hold(code):
    assert uai.parse(code) == code


@given(st.integers(0, 9_999_999), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
def test_every_number_has_one_key(number, letter):
    digits = f"{number:07d}"
    if letter == uai.key(digits):
        assert uai.parse(digits + letter) == digits + letter
    else:
        with pytest.raises(uai.InvalidUAI):
            uai.parse(digits + letter)


@given(st.text())
def test_any_text_is_a_code_or_refused_in_words(text):
    with contextlib.suppress(uai.InvalidUAI):
        assert re.fullmatch("[0-9]{7}[A-Z]", uai.parse(text))


@pytest.mark.parametrize("text", ["0341255e", " 0341 255 E ", "0341255E\u00a0", "0341-255E"])
def test_case_and_spaces_do_not_count(text):
    assert uai.parse(text) == "0341255E"


def test_digits_of_other_scripts_are_not_digits_of_a_code():
    with pytest.raises(uai.InvalidUAI):
        uai.parse("٠٣٤١٢٥٥E")


@pytest.mark.parametrize("text", ["2,17003E+13", "3,41255E+5", "2.1E13"])
def test_a_code_turned_into_a_number_by_a_spreadsheet_is_told_as_such(text):
    with pytest.raises(uai.InvalidUAI, match="tableur"):
        uai.parse(text)


@pytest.mark.parametrize("text", ["341255E", "341255e"])
def test_a_zero_that_a_spreadsheet_took_is_put_back_where_the_key_agrees(text):
    assert uai.parse(text) == "0341255E"


def test_a_zero_is_not_put_back_on_a_code_whose_key_disagrees():
    with pytest.raises(uai.InvalidUAI):
        uai.parse("341255F")
