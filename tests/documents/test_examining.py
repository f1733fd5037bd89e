"""Signatures of strangers are examined by a process of its own, which gives up in time."""

import ctypes
from types import SimpleNamespace

import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from django.core.files.uploadedfile import SimpleUploadedFile

from documents.checks import check_confinement
from documents.received.examining import examine_apart
from documents.received.signatures import examine
from documents.received.uploads import read_pdf
from documents.received.verdicts import NOTHING_SIGNED, Verdict
from incoming import confined

from . import hostile
from .certificates import (
    DAY,
    NOW,
    Holder,
    authority,
    clock,
    mayor,
    sign,
    timestamper,
    with_evidence,
)


@pytest.fixture
def trusted(settings, tmp_path):
    """The folder of the authorities that are trusted, with one."""
    settings.TRUSTED_CERTIFICATES_DIR = tmp_path
    (tmp_path / "essai.pem").write_bytes(authority().pem)
    return tmp_path


def paper() -> bytes:
    return hostile.saved(hostile.blank())


def cross(holder: Holder, by: Holder) -> SimpleNamespace:
    """A certificate that one authority gives to another."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(holder.name)
        .issuer_name(by.name)
        .public_key(holder.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    certificate = builder.sign(by.key, hashes.SHA256())
    der = certificate.public_bytes(serialization.Encoding.DER)
    return SimpleNamespace(asn1=asn1.Certificate.load(der))


def test_it_says_the_same_as_would_be_said_here(trusted):
    stamped = sign(paper(), mayor(), stamps=timestamper(clock()))
    content = with_evidence(stamped, crls=[authority().revocation_list()])
    assert examine_apart(content) == examine(content, [authority().asn1])
    assert examine_apart(content).signatures[0].timestamped_at


def test_a_file_that_is_not_signed_starts_no_process(monkeypatch):
    monkeypatch.delattr(confined, "run")
    assert examine_apart(paper()) == NOTHING_SIGNED


def test_authorities_that_all_vouch_for_one_another_do_not_hold_the_site(trusted, monkeypatch):
    """Twenty kilobytes: the ways from one authority to the next are tried for minutes."""
    monkeypatch.setattr(confined, "MAX_CPU_SECONDS", 3)
    circle = [Holder(f"Autorité {number}") for number in range(6)]
    crosses = [cross(one, by) for one in circle for by in circle if one is not by]
    content = with_evidence(sign(paper(), Holder("Maire", circle[0])), certificates=crosses)
    assert len(content) < 30_000
    received = read_pdf(SimpleUploadedFile("acte.pdf", content))
    assert [found.verdict for found in received.examination.signatures] == [Verdict.UNVERIFIABLE]


def test_a_certificate_of_ours_that_cannot_be_read_is_named_in_the_log(trusted, caplog):
    (trusted / "abime.crt").write_bytes(b"rien d'utile")
    assert examine_apart(sign(paper(), mayor())).signatures
    assert "abime.crt" in caplog.text


def test_a_machine_where_nothing_can_be_barred_is_told_at_deployment(monkeypatch):
    assert list(check_confinement(None)) == []
    monkeypatch.setattr(ctypes, "CDLL", lambda name: ctypes.PyDLL("libabsent.so.0"))
    assert [warning.id for warning in check_confinement(None)] == ["documents.W002"]
