"""SIREN and SIRET: the key holds, and nothing else is required of the number."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from communes.identifiers import validate_siren, validate_siret


@pytest.mark.parametrize("siret", ["21340337100015", "213 403 371 00015", "21340172201787"])
def test_a_right_siret_passes_however_its_digits_are_grouped(siret):
    validate_siret(siret)


def test_an_office_of_la_poste_follows_its_own_rule():
    validate_siret("35600000000048")
    with pytest.raises(ValidationError, match="clé"):
        validate_siret("35600000000049")


@pytest.mark.parametrize("siren", ["932741499", "938761095", "200055929"])
def test_a_commune_s_siren_need_not_start_with_21(siren):
    validate_siren(siren)


@pytest.mark.parametrize(
    ("siret", "message"),
    [
        ("21340337100016", "clé"),
        ("2134033710001", "14 chiffres"),
        ("2134033710001A", "que des chiffres"),
        ("2,17003E+13", "."),
    ],
)
def test_a_wrong_siret_is_refused_with_its_reason(siret, message):
    with pytest.raises(ValidationError, match=message):
        validate_siret(siret)


@given(st.from_regex(r"\A[1-9][0-9]{7}\Z"), st.integers(1, 9))
def test_one_digit_changed_breaks_the_key(body, shift):
    siren = body + luhn.calc_check_digit(body)
    wrong = str((int(siren[0]) + shift) % 10) + siren[1:]
    validate_siren(siren)
    with pytest.raises(ValidationError):
        validate_siren(wrong)
