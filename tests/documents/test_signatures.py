"""Electronic signatures: who signed, what it is worth, and every way to tamper with a file."""

import hashlib
import io
import re
from datetime import UTC, timedelta

import pikepdf
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko_certvalidator import ValidationContext

from documents.received import signatures
from documents.received.signatures import Later, Verdict, examine, load_authorities

from .certificates import (
    DAY,
    NOW,
    Holder,
    authority,
    clock,
    mayor,
    rector,
    sign,
    timestamper,
    with_evidence,
)


def issued(text: str = "Convention") -> bytes:
    """A page that says `text`, as it left the site."""
    pdf = pikepdf.new()
    for _ in range(2):
        page = pdf.add_blank_page(page_size=(595, 842))
        page.contents_add(f"BT /F 12 Tf ({text}) Tj ET".encode())
    buffer = io.BytesIO()
    pdf.save(buffer, deterministic_id=True, compress_streams=False)
    return buffer.getvalue()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def seen(content: bytes, **options):
    """Examine with the authority of the tests trusted."""
    return examine(content, [authority().asn1], **options)


def only(content: bytes, **options):
    (signature,) = seen(content, **options).signatures
    return signature


def updated(content: bytes, change) -> bytes:
    """Return `content` followed by an incremental update, as any PDF editor writes one."""
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    change(writer)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def replace_page(writer):
    """Another content for the first page."""
    page = writer.root["/Pages"]["/Kids"][0]
    stream = generic.StreamObject(stream_data=b"BT /F 12 Tf (Autre chose) Tj ET")
    page[pdf_name("/Contents")] = writer.add_object(stream)
    writer.update_container(page)


def add_note(writer):
    page = writer.root["/Pages"]["/Kids"][0]
    note = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/FreeText"),
            pdf_name("/Contents"): generic.TextStringObject("Lu et désapprouvé"),
            pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 99, 99))),
        }
    )
    page[pdf_name("/Annots")] = generic.ArrayObject([writer.add_object(note)])
    writer.update_container(page)


def add_page(writer):
    pages = writer.root["/Pages"]
    pages["/Kids"].append(pages["/Kids"].raw_get(0))
    pages[pdf_name("/Count")] = generic.NumberObject(3)
    writer.update_container(pages)
    writer.update_container(pages["/Kids"])


def empty_signature_field(writer):
    """Take the signature away, leave its field."""
    field = writer.root["/AcroForm"]["/Fields"][0]
    del field["/V"]
    writer.update_container(field)


def remove_form(writer):
    del writer.root["/AcroForm"]
    writer.update_root()


# --- What is right ----------------------------------------------------------
def test_a_signature_tells_who_signed_when_and_who_vouches_for_them():
    signature = only(sign(issued(), mayor()))
    assert signature.signer == "Camille MARTIN"
    assert signature.organisation == "Organisme de Camille MARTIN"
    assert signature.issuer == "Autorité d'essai"
    assert abs(signature.signed_at - NOW) < timedelta(minutes=30)
    assert signature.certificate_until == NOW + 365 * DAY
    assert signature.later == Later.NOTHING


@pytest.mark.parametrize("box", [None, (50, 50, 200, 120)], ids=["invisible", "visible"])
def test_a_signed_file_contains_the_issued_one_byte_for_byte(box):
    content = issued()
    assert sha256(content) in seen(sign(content, mayor(), box=box)).contains


def test_the_issued_file_is_found_whether_or_not_it_ends_with_a_line():
    for content in (issued().rstrip(b"\n"), issued().rstrip(b"\n") + b"\r\n"):
        assert sha256(content) in seen(sign(content, mayor())).contains


def test_a_file_signed_by_both_parties_is_right_in_either_order():
    for first, second in ((mayor(), rector()), (rector(), mayor())):
        once = sign(issued(), first)
        twice = seen(sign(once, second, field="Deuxième"))
        names = [first.certificate.subject, second.certificate.subject]
        assert [s.signer in str(n) for s, n in zip(twice.signatures, names, strict=True)]
        assert [s.later for s in twice.signatures] == [Later.SIGNATURES, Later.NOTHING]
        assert {s.verdict for s in twice.signatures} == {Verdict.REVOCATION_UNKNOWN}
        assert {sha256(issued()), sha256(once)} <= set(twice.contains)


def test_a_file_without_electronic_signature_has_none():
    assert seen(issued()) == seen(b"") == seen(b"%PDF-1.7 rien")
    assert not seen(issued()).signatures


def test_a_signature_locked_against_any_change_is_right():
    locked = sign(issued(), mayor(), certify=True, docmdp_permissions=MDPPerm.NO_CHANGES)
    assert only(locked).verdict == Verdict.REVOCATION_UNKNOWN


# --- What the certificate is worth ------------------------------------------
def test_without_proof_that_the_certificate_was_not_revoked_it_is_said():
    assert only(sign(issued(), mayor())).verdict == Verdict.REVOCATION_UNKNOWN


def test_with_that_proof_in_the_file_the_signature_is_valid():
    signed = sign(issued(), mayor())
    for proof in (
        {"crls": [authority().revocation_list()]},
        {"ocsps": [authority().revocation_answer(mayor())]},
    ):
        signature = only(with_evidence(signed, **proof))
        assert signature.verdict == Verdict.VALID
        assert signature.later == Later.SIGNATURES


def test_the_proof_may_stand_in_the_signature_itself_as_adobe_puts_it():
    proof = ValidationContext(
        trust_roots=[authority().asn1], crls=[authority().revocation_list()], ocsps=[]
    )
    signed = sign(
        issued(),
        mayor(),
        subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED,
        embed_validation_info=True,
        validation_context=proof,
    )
    assert b"/DSS" not in signed
    assert only(signed).verdict == Verdict.VALID


def test_a_revoked_certificate_is_said_to_be():
    signed = sign(issued(), mayor())
    for proof in (
        {"crls": [authority().revocation_list(mayor())]},
        {"ocsps": [authority().revocation_answer(mayor(), revoked=True)]},
    ):
        assert only(with_evidence(signed, **proof)).verdict == Verdict.REVOKED


def test_a_proof_that_is_out_of_date_or_of_another_authority_proves_nothing():
    signed = sign(issued(), mayor())
    stale = authority().revocation_list(start=-30 * DAY, end=-20 * DAY)
    foreign = Holder("Autre autorité").revocation_list()
    for crl in (stale, foreign):
        assert only(with_evidence(signed, crls=[crl])).verdict == Verdict.REVOCATION_UNKNOWN


def test_an_authority_that_is_not_configured_makes_nobody_known():
    signed = sign(issued(), mayor())
    other = Holder("Autre autorité")
    for authorities in ([], [other.asn1]):
        (signature,) = examine(signed, authorities).signatures
        assert signature.verdict == Verdict.UNKNOWN_ISSUER
    assert only(sign(issued(), Holder("Camille MARTIN"))).verdict == Verdict.UNKNOWN_ISSUER


def test_an_authority_of_the_same_name_with_another_key_vouches_for_nobody():
    impostor = Holder("Autorité d'essai")
    signed = sign(issued(), Holder("Camille MARTIN", impostor))
    assert only(signed).verdict in (Verdict.UNKNOWN_ISSUER, Verdict.UNFIT)


def test_an_expired_certificate_and_one_not_yet_valid_are_said_to_be():
    expired = Holder("Camille MARTIN", authority(), end=-DAY)
    future = Holder("Camille MARTIN", authority(), start=DAY)
    assert only(sign(issued(), expired)).verdict == Verdict.EXPIRED
    assert only(sign(issued(), future)).verdict == Verdict.NOT_YET_VALID


def test_a_certificate_that_is_not_for_signing_is_unfit():
    visitor = Holder("Site internet", authority(), signs=False)
    assert only(sign(issued(), visitor)).verdict == Verdict.UNFIT


def test_a_trusted_timestamp_keeps_a_signature_good_after_its_certificate_expired():
    stamped = sign(issued(), mayor(), stamps=timestamper(clock()))
    proven = with_evidence(stamped, crls=[authority().revocation_list()])
    signature = only(proven, now=NOW + 90 * DAY)
    assert signature.timestamped_at is not None
    assert signature.verdict == Verdict.VALID
    short = Holder("Camille MARTIN", authority(), end=timedelta(hours=1))
    later = only(sign(issued(), short, stamps=timestamper(clock())), now=NOW + 30 * DAY)
    assert later.verdict == Verdict.REVOCATION_UNKNOWN
    assert only(sign(issued(), short), now=NOW + 30 * DAY).verdict == Verdict.EXPIRED


def test_a_timestamp_of_an_unknown_clock_proves_no_time():
    foreign = Holder("Horloge", Holder("Autre"), purpose=ExtendedKeyUsageOID.TIME_STAMPING)
    signature = only(sign(issued(), mayor(), stamps=timestamper(foreign)))
    assert signature.timestamped_at is None
    assert signature.verdict == Verdict.UNKNOWN_TIMESTAMP


# --- Tampering --------------------------------------------------------------
@pytest.mark.parametrize("change", [replace_page, add_note, add_page, remove_form])
def test_a_file_changed_after_signing_is_never_valid(change):
    tampered = updated(sign(issued(), mayor()), change)
    found = seen(tampered)
    assert found.signatures[0].verdict in (Verdict.CHANGED, Verdict.REMOVED)
    assert sha256(issued()) not in found.contains


def test_every_signature_of_a_file_changed_after_both_tells_it():
    twice = sign(sign(issued(), mayor()), rector(), field="Deuxième")
    found = seen(updated(twice, replace_page))
    assert [s.verdict for s in found.signatures] == [Verdict.CHANGED] * 2
    assert {s.later for s in found.signatures} == {""}


def test_a_change_between_two_signatures_is_held_against_the_first():
    changed = updated(sign(issued(), mayor()), replace_page)
    found = seen(sign(changed, rector(), field="Deuxième"))
    assert [s.verdict for s in found.signatures] == [Verdict.CHANGED, Verdict.REVOCATION_UNKNOWN]
    assert sha256(issued()) not in found.contains


def test_a_document_changed_before_it_was_signed_is_not_the_issued_one():
    for change in (replace_page, add_note, add_page):
        found = seen(sign(updated(issued(), change), mayor()))
        assert found.signatures[0].verdict == Verdict.REVOCATION_UNKNOWN
        assert sha256(issued()) not in found.contains


def test_a_byte_changed_in_the_signed_part_breaks_the_signature():
    signed = bytearray(sign(issued(), mayor()))
    position = signed.index(b"/MediaBox") + 12
    signed[position] = ord("1") if signed[position] != ord("1") else ord("2")
    found = seen(bytes(signed))
    assert found.signatures[0].verdict in (Verdict.BROKEN, Verdict.UNVERIFIABLE)
    assert sha256(issued()) not in found.contains


def test_an_amount_changed_in_place_breaks_the_signature():
    signed = sign(issued("Convention pour 90,00 euros"), mayor())
    tampered = signed.replace(b"90,00", b"10,00")
    assert tampered != signed
    assert only(tampered).verdict == Verdict.BROKEN


def test_a_signature_whose_range_leaves_a_part_out_is_no_signature_of_the_file():
    """The signed bytes end before the file's own last part, without an update of its own."""
    signed = sign(issued(), mayor())
    first, _, start, length = map(
        int, re.search(rb"/ByteRange ?\[ ?(\d+) (\d+) (\d+) (\d+)", signed).groups()
    )
    shorter = re.sub(
        rb"/ByteRange ?\[[^\]]*\]",
        lambda m: f"/ByteRange [{first} {start - 10} {start} {length - 40}]".encode().ljust(
            len(m[0])
        ),
        signed,
        count=1,
    )
    assert only(shorter).verdict in (Verdict.BROKEN, Verdict.PARTIAL, Verdict.UNVERIFIABLE)


@pytest.mark.parametrize("change", [empty_signature_field, remove_form])
def test_a_signature_taken_out_of_the_file_leaves_its_trace(change):
    assert Verdict.REMOVED in [
        s.verdict for s in seen(updated(sign(issued(), mayor()), change)).signatures
    ]


def test_bytes_after_the_end_of_the_file_are_told():
    appended = sign(issued(), mayor()) + b"\n% et autre chose\n"
    signature = only(appended)
    assert signature.later == Later.ADDITIONS


def test_a_new_file_hidden_behind_the_signed_one_is_not_taken_for_it():
    """The issued bytes come first, but nothing leads back to them."""
    decoy = sign(issued(), mayor()) + issued("Autre convention")
    found = seen(decoy)
    assert sha256(issued()) not in found.contains
    assert not {s.verdict for s in found.signatures} & {
        Verdict.VALID,
        Verdict.REVOCATION_UNKNOWN,
    }


def test_a_certified_file_completed_against_its_lock_was_changed():
    locked = sign(issued(), mayor(), certify=True, docmdp_permissions=MDPPerm.NO_CHANGES)
    found = seen(updated(locked, add_note))
    assert found.signatures[0].verdict == Verdict.CHANGED


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n/ByteRange [0 1 2 3]",
        sign(issued(), mayor())[:-300],
        sign(issued(), mayor()).replace(b"/ByteRange", b"/ByteRanke") + b"/ByteRange [",
        re.sub(
            rb"/Contents <[0-9a-fA-F]{64}", b"/Contents <" + b"00" * 32, sign(issued(), mayor())
        ),
        re.sub(
            rb"/SubFilter ?/ETSI.CAdES.detached",
            b"/SubFilter /ETSI.CAdES.inconnue",
            sign(issued(), mayor()),
        ),
    ],
    ids=["nonsense", "truncated", "renamed", "garbage", "unknown-format"],
)
def test_what_cannot_be_read_is_said_to_be_unverifiable_and_never_raises(content):
    found = seen(content)
    assert found.signatures
    assert {s.verdict for s in found.signatures} <= {Verdict.UNVERIFIABLE, Verdict.REMOVED}
    assert not found.contains


def test_a_file_of_too_many_objects_is_not_examined(monkeypatch):
    monkeypatch.setattr(signatures, "MAX_OBJECTS", 8)
    assert only(sign(issued(), mayor())).verdict == Verdict.UNVERIFIABLE


def test_a_file_of_compressed_objects_is_compared_like_another():
    """Most programs write objects in streams, as ours does."""
    packed = io.BytesIO()
    with pikepdf.open(io.BytesIO(issued())) as pdf:
        pdf.save(packed, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    content = packed.getvalue()
    assert b"/ObjStm" in content
    signed = sign(content, mayor())
    assert sha256(content) in seen(sign(signed, rector(), field="Deuxième")).contains
    for change in (replace_page, add_note, add_page):
        tampered = seen(updated(signed, change))
        assert [s.verdict for s in tampered.signatures] == [Verdict.CHANGED]
        assert sha256(content) not in seen(sign(updated(content, change), mayor())).contains


# --- The authorities --------------------------------------------------------
def test_authorities_are_the_certificate_files_of_a_folder_in_pem_or_der(tmp_path, caplog):
    (tmp_path / "a.pem").write_bytes(authority().pem + mayor().pem)
    (tmp_path / "b.cer").write_bytes(rector().der)
    (tmp_path / "c.crt").write_bytes(b"rien d'utile")
    (tmp_path / "lisez-moi.txt").write_text("…")
    found = load_authorities(tmp_path)
    assert [c.subject.native["common_name"] for c in found] == [
        "Autorité d'essai",
        "Camille MARTIN",
        "Sophie BÉJEAN",
    ]
    assert "c.crt" in caplog.text


def test_without_folder_no_authority_is_trusted(tmp_path):
    assert load_authorities(tmp_path / "absent") == []


def test_dates_are_in_utc_or_carry_their_zone():
    signature = only(sign(issued(), mayor()))
    assert signature.signed_at.utcoffset() is not None
    assert signature.certificate_until.astimezone(UTC) == signature.certificate_until
