"""Files that others signed, broke or forged: what is said of each (shared/data/pdf, its README)."""

from datetime import UTC, datetime

import pytest

from documents.received.revisions import Reader
from documents.received.signatures import examine
from documents.received.verdicts import WEIGHTS, Later, Verdict, Weight

from .certificates import authority, mayor, sign

UNKNOWN = Verdict.UNKNOWN_ISSUER
EXPECTED = {
    "annotation-added-after-signing": [Verdict.CHANGED],
    "byterange-overlap": [UNKNOWN, Verdict.BROKEN],
    "encrypted-for-a-certificate": [],
    "field-appearance-replaced": [Verdict.CHANGED, UNKNOWN],
    "gap-too-big": [Verdict.PARTIAL],
    "hybrid-xref-as-word-writes": [],
    "page-added-after-signing": [Verdict.CHANGED],
    "sha3-with-rsa": [Verdict.UNSUPPORTED],
    "shadow-replaced-name": [UNKNOWN],
    "spoofed-reason": [Verdict.REWRITTEN],
    "unsupported-algorithm": [Verdict.UNSUPPORTED],
}


@pytest.fixture(scope="session")
def real_file(real_data):
    """Function from a name to the bytes of a file that nobody here made."""
    folder = real_data / "pdf"
    if not folder.is_dir():
        pytest.skip("signed files (shared/data/pdf) are not beside this checkout")
    return lambda name: (folder / f"{name}.pdf").read_bytes()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_real_file_has_the_verdict_of_the_table(real_file, name):
    found = examine(real_file(name), [])
    assert [signature.verdict for signature in found.signatures] == EXPECTED[name]


def test_every_real_file_is_in_the_table(real_data, real_file):
    assert {path.stem for path in (real_data / "pdf").glob("*.pdf")} == set(EXPECTED)


def test_a_name_that_is_replaced_later_is_never_right_even_of_a_known_signatory(real_file):
    content = real_file("shadow-replaced-name")
    (certificate,) = [s.signer_cert for s in Reader(content).embedded_signatures]
    when = datetime(2020, 2, 1, tzinfo=UTC)
    (signature,) = examine(content, [certificate], now=when).signatures
    assert (signature.verdict, signature.later) == (Verdict.COMPLETED, Later.ADDITIONS)
    assert WEIGHTS.get(signature.verdict, Weight.WARNING) == Weight.WARNING
    (as_signed,) = examine(content[: signature.signed_size], [certificate], now=when).signatures
    assert as_signed.later == Later.NOTHING


def test_a_file_as_word_writes_it_then_signed_has_its_own_verdict(real_file):
    signed = sign(real_file("hybrid-xref-as-word-writes"), mayor(), strict=False)
    (signature,) = examine(signed, [authority().asn1]).signatures
    assert (signature.verdict, signature.signer) == (Verdict.IRREGULAR, "Camille MARTIN")


def test_what_a_range_leaves_out_is_not_shown_as_signed(real_file):
    (partial,) = examine(real_file("gap-too-big"), []).signatures
    _, overlapping = examine(real_file("byterange-overlap"), []).signatures
    assert partial.signed_size is overlapping.signed_size is None
