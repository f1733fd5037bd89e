"""What reads the same is found the same."""

import pytest

from tabular.folding import fold


@pytest.mark.parametrize(
    "written",
    [
        "Saint\u2011Jean-de-Védas",
        "Saint\u2010Jean–de—Ve\u0301das",
        "Sai\u00adnt-Jean\u200b de Védas\ufeff",
    ],
)
def test_a_name_pasted_from_a_word_processor_is_found_as_it_is_typed(written):
    assert fold(written) == "saint jean de vedas"


def test_what_parts_words_still_does():
    assert fold("École\tA\u2028B\u00a0C") == "ecole a b c"
