"""Electronic signatures: who signed, what it is worth, and every way to tamper with a file."""

import hashlib
import io
import re
from datetime import UTC, datetime

import pikepdf
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import (
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
    append_signature_field,
)
from pyhanko_certvalidator import ValidationContext

from documents.received import signatures
from documents.received.signatures import examine, load_authorities
from documents.received.verdicts import NOTHING_SIGNED, WEIGHTS, Later, Verdict, Weight

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


def updated(content: bytes, change, *, strict=True) -> bytes:
    """Return `content` followed by an incremental update, as any PDF editor writes one."""
    writer = IncrementalPdfFileWriter(io.BytesIO(content), strict=strict)
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
    before = datetime.now(UTC).replace(microsecond=0)
    signature = only(sign(issued(), mayor()))
    assert signature.signer == "Camille MARTIN"
    assert signature.organisation == "Organisme de Camille MARTIN"
    assert signature.issuer == "Autorité d'essai"
    assert before <= signature.signed_at <= datetime.now(UTC)
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
    short = Holder("Camille MARTIN", authority(), end=DAY)
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


# --- What is added without being signed --------------------------------------
FIELD = (50, 50, 200, 80)


def text_field(content: bytes, value: str = "Camille MARTIN") -> bytes:
    """Return the page with a field of a form that says `value`."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        field = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Widget,
                FT=pikepdf.Name.Tx,
                T="Nom",
                V=value,
                F=4,
                Rect=list(FIELD),
                P=pdf.pages[0].obj,
                AP=pikepdf.Dictionary(N=appearance(pdf, value)),
            )
        )
        pdf.pages[0].Annots = pdf.make_indirect(pikepdf.Array([field]))
        fields = pdf.make_indirect(pikepdf.Array([field]))
        pdf.Root.AcroForm = pdf.make_indirect(pikepdf.Dictionary(Fields=fields))
        buffer = io.BytesIO()
        pdf.save(buffer, deterministic_id=True, compress_streams=False)
    return buffer.getvalue()


def appearance(pdf, value):
    width, height = FIELD[2] - FIELD[0], FIELD[3] - FIELD[1]
    return pdf.make_stream(
        f"BT /F 12 Tf ({value}) Tj ET".encode(),
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Form,
        BBox=[0, 0, width, height],
    )


def fill_in(writer):
    """Another value for the field, and another picture of it: a shadow attack."""
    field = writer.root["/AcroForm"]["/Fields"][0]
    picture = generic.StreamObject(field["/AP"]["/N"], stream_data=b"BT /F 12 Tf (X) Tj ET")
    field[pdf_name("/V")] = generic.TextStringObject("Quelqu'un d'autre")
    field["/AP"][pdf_name("/N")] = writer.add_object(picture)
    writer.update_container(field)


def add_unsigned_box(writer):
    """A place for a signature, never signed, whose picture may cover anything."""
    append_signature_field(writer, SigFieldSpec("Vide", on_page=0, box=FIELD))


def proven(content: bytes) -> bytes:
    """Return the signed file with the proof that its certificate was not revoked."""
    return with_evidence(content, crls=[authority().revocation_list()])


@pytest.mark.parametrize("change", [fill_in, add_unsigned_box])
def test_what_is_added_after_a_signature_is_never_shown_as_right(change):
    signed = proven(sign(text_field(issued()), mayor()))
    assert only(signed).verdict == Verdict.VALID
    signature = only(updated(signed, change))
    assert signature.verdict == Verdict.COMPLETED
    assert signature.later == Later.ADDITIONS
    assert WEIGHTS.get(signature.verdict, Weight.WARNING) == Weight.WARNING


@pytest.mark.parametrize("change", [fill_in, add_unsigned_box])
def test_another_signature_does_not_make_up_for_what_was_added_before_it(change):
    first = proven(sign(text_field(issued()), mayor()))
    twice = sign(updated(first, change), rector(), field="Deuxième")
    before, after = seen(twice).signatures
    assert (before.verdict, before.later) == (Verdict.COMPLETED, Later.ADDITIONS)
    assert (after.verdict, after.later) == (Verdict.VALID, Later.NOTHING)


def test_a_document_completed_before_it_was_signed_is_not_the_issued_one():
    def add_box_as_if_signed(writer):
        add_unsigned_box(writer)
        writer.root["/AcroForm"][pdf_name("/SigFlags")] = generic.NumberObject(3)

    completed = updated(issued(), add_box_as_if_signed)
    assert sha256(issued()) not in seen(sign(completed, mayor())).contains


def test_a_file_completed_by_an_unknown_signatory_says_both():
    signed = updated(sign(text_field(issued()), mayor()), fill_in)
    (signature,) = examine(signed, []).signatures
    assert (signature.verdict, signature.later) == (Verdict.UNKNOWN_ISSUER, Later.ADDITIONS)


def test_the_part_that_was_signed_is_measured():
    once = sign(issued(), mayor())
    twice = sign(once, rector(), field="Deuxième")
    assert [s.signed_size for s in seen(twice).signatures] == [len(once), len(twice)]
    changed = updated(once, replace_page)
    assert only(changed).verdict == Verdict.CHANGED
    assert only(changed[: only(changed).signed_size]).later == Later.NOTHING


def test_a_part_that_is_not_whole_is_not_shown_as_what_was_signed():
    assert only(sign(issued("90,00"), mayor()).replace(b"90,00", b"10,00")).signed_size is None


# --- The store of proofs, kept in order ---------------------------------------
ENTRY = "/" + "A" * 40


def add_entry(writer):
    store = writer.root["/DSS"]
    proofs = generic.DictionaryObject({pdf_name("/CRL"): generic.ArrayObject(store["/CRLs"])})
    entries = generic.DictionaryObject({pdf_name(ENTRY): writer.add_object(proofs)})
    store[pdf_name("/VRI")] = writer.add_object(entries)
    writer.update_container(store)


def date_entry(writer):
    entry = writer.root["/DSS"]["/VRI"][ENTRY]
    entry[pdf_name("/TU")] = generic.TextStringObject("D:20261126120000Z")
    writer.update_container(entry)


def drop_entries(writer):
    del writer.root["/DSS"]["/VRI"]
    writer.update_container(writer.root["/DSS"])


def replace_proof(writer):
    proof = writer.root["/DSS"]["/CRLs"].raw_get(0).reference
    overwrite(writer, proof, authority().revocation_list())


def drop_store(writer):
    del writer.root["/DSS"]
    writer.update_root()


def add_own_word(writer):
    writer.root["/DSS"][pdf_name("/XYZ_Programme")] = generic.TextStringObject("1.0")
    writer.update_container(writer.root["/DSS"])


def overwrite(writer, reference, data: bytes):
    stream = generic.StreamObject(stream_data=data)
    stream.container_ref = reference
    writer.objects[(reference.generation, reference.idnum)] = stream


def first_content(writer):
    return writer.root["/Pages"]["/Kids"][0]["/Contents"].raw_get(0)


def list_in_store(writer, *things):
    held = generic.DictionaryObject({pdf_name("/Autre"): generic.ArrayObject(things)})
    writer.root[pdf_name("/DSS")] = writer.add_object(held)
    writer.update_root()


@pytest.mark.parametrize(
    "change", [date_entry, drop_entries, replace_proof, drop_store, add_own_word]
)
def test_proofs_that_are_kept_in_order_change_nothing_that_is_signed(change):
    once = updated(proven(sign(issued(), mayor())), add_entry)
    found = seen(updated(sign(once, rector(), field="Deuxième"), change))
    assert {s.verdict for s in found.signatures} <= {Verdict.VALID, Verdict.REVOCATION_UNKNOWN}
    assert {s.later for s in found.signatures} == {Later.SIGNATURES}
    assert sha256(issued()) in found.contains


def hide_content_in_store(writer):
    """The page's own content, listed among the proofs, then written over."""
    list_in_store(writer, first_content(writer))
    overwrite(writer, first_content(writer).reference, b"BT /F 12 Tf (Autre chose) Tj ET")


def hide_page_in_store(writer):
    replace_page(writer)
    kids = writer.root["/Pages"]["/Kids"]
    list_in_store(writer, kids.raw_get(0), kids[0].raw_get("/Contents"))


@pytest.mark.parametrize("change", [hide_content_in_store, hide_page_in_store])
def test_the_store_of_proofs_is_no_way_in(change):
    assert only(updated(sign(issued(), mayor()), change)).verdict == Verdict.CHANGED


def test_a_content_that_was_among_the_proofs_before_signing_may_not_change_either():
    listed = updated(issued(), lambda writer: list_in_store(writer, first_content(writer)))
    signed = sign(listed, mayor())
    changed = updated(
        signed,
        lambda writer: overwrite(writer, first_content(writer).reference, b"BT (Autre) Tj ET"),
    )
    assert only(signed).verdict == Verdict.REVOCATION_UNKNOWN
    assert only(changed).verdict == Verdict.CHANGED


# --- Algorithms ----------------------------------------------------------------
# In DER: ecdsa-with-SHA256, SHA-256; and numbers of the same length that nothing bears.
ECDSA, UNKNOWN_ECDSA = "06082A8648CE3D040302", "06082A8648CE3D04037F"
SHA256, UNKNOWN_DIGEST = "0609608648016503040201", "060960864801650304027F"


def with_algorithm(content: bytes, known: str, unknown: str) -> bytes:
    """Return the signed file with another algorithm, named where the signature itself stands."""
    before, named, after = content.rpartition(known.encode())
    assert named
    return before + unknown.encode() + after


@pytest.mark.parametrize(
    ("known", "unknown"), [(ECDSA, UNKNOWN_ECDSA), (SHA256, UNKNOWN_DIGEST)], ids=["key", "digest"]
)
def test_an_algorithm_that_is_not_supported_is_not_held_against_the_content(known, unknown):
    signature = only(with_algorithm(sign(issued(), mayor()), known, unknown))
    assert signature.verdict == Verdict.UNSUPPORTED
    assert signature.signer == "Camille MARTIN"
    assert signature.signed_size is None


def test_a_content_that_was_altered_is_said_to_be_whatever_the_algorithm():
    tampered = sign(issued("90,00"), mayor()).replace(b"90,00", b"10,00")
    assert only(with_algorithm(tampered, ECDSA, UNKNOWN_ECDSA)).verdict == Verdict.BROKEN


# --- What is no signature of the document ---------------------------------------
def lend_functions(writer):
    """Adobe's usage rights: signed by Adobe, on nobody's behalf."""
    rights = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Sig"),
            pdf_name("/ByteRange"): generic.ArrayObject(map(generic.NumberObject, (0, 9, 99, 9))),
            pdf_name("/Contents"): generic.ByteStringObject(b"\x30\x00"),
        }
    )
    permissions = generic.DictionaryObject({pdf_name("/UR3"): writer.add_object(rights)})
    writer.root[pdf_name("/Perms")] = writer.add_object(permissions)
    writer.update_root()


def take_functions_back(writer):
    del writer.root["/Perms"]
    writer.update_root()


def test_usage_rights_are_no_signature_and_no_trace_of_one():
    lent = updated(issued(), lend_functions)
    taken_back = updated(lent, take_functions_back)
    assert seen(lent) == seen(taken_back) == NOTHING_SIGNED
    for content in (lent, taken_back):
        assert only(sign(content, mayor())).verdict == Verdict.REVOCATION_UNKNOWN


def test_a_reason_that_is_replaced_later_is_said_to_be():
    def rewrite(writer):
        signature = writer.root["/AcroForm"]["/Fields"][0]["/V"]
        signature[pdf_name("/Reason")] = generic.TextStringObject("Pour refus")
        writer.update_container(signature)

    signed = sign(issued(), mayor(), reason="Pour accord")
    signature = only(updated(signed, rewrite))
    assert signature.verdict == Verdict.REWRITTEN
    assert signature.signed_size == len(signed)


# --- Files that are not written as the standard wants ----------------------------
def hybrid(content: bytes) -> bytes:
    """An update with two tables of objects, as Word and Excel write: its own, and a stream."""
    number = len(content)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        root, size = pdf.Root.objgen[0], int(pdf.trailer.Size)
    previous = int(re.findall(rb"startxref\s+(\d+)", content)[-1])
    stream = (
        b"%d 0 obj\n<</Type/XRef/Size %d/W[1 3 2]/Index[0 0]/Length 0/Root %d 0 R>>\n"
        b"stream\n\nendstream\nendobj\n"
    ) % (size, size + 1, root)
    table = number + len(stream)
    return content + (
        stream
        + b"xref\n%d 1\n%010d 00000 n \n" % (size, number)
        + b"trailer\n<</Root %d 0 R/Size %d/XRefStm %d/Prev %d>>\n"
        % (root, size + 1, number, previous)
        + b"startxref\n%d\n%%%%EOF\n" % table
    )


def short_table(content: bytes) -> bytes:
    """A file that says it has fewer objects than it lists."""
    return re.sub(rb"/Size (\d+)", lambda m: b"/Size %d" % (int(m[1]) - 1), content, count=1)


def early_table(content: bytes) -> bytes:
    """A file that points a little before its table of objects."""
    return re.sub(
        rb"startxref\n(\d+)", lambda m: b"startxref\n%d" % (int(m[1]) - 4), content, count=1
    )


IRREGULAR = [hybrid, short_table, early_table]


@pytest.mark.parametrize("write", IRREGULAR)
def test_an_irregular_file_is_read_a_second_time_and_never_said_to_be_right(write):
    signature = only(proven_leniently(sign(write(issued()), mayor(), strict=False)))
    assert signature.verdict == Verdict.IRREGULAR
    assert signature.signer == "Camille MARTIN"
    assert WEIGHTS.get(signature.verdict, Weight.WARNING) == Weight.WARNING


def proven_leniently(content: bytes) -> bytes:
    return with_evidence(content, strict=False, crls=[authority().revocation_list()])


@pytest.mark.parametrize("write", IRREGULAR)
@pytest.mark.parametrize("change", [replace_page, add_note, add_page])
def test_a_change_of_an_irregular_file_is_seen(write, change):
    signed = sign(write(issued()), mayor(), strict=False)
    assert only(updated(signed, change, strict=False)).verdict == Verdict.CHANGED


@pytest.mark.parametrize("write", IRREGULAR)
def test_an_irregular_file_altered_in_place_is_broken(write):
    signed = sign(write(issued("90,00")), mayor(), strict=False)
    assert only(signed.replace(b"90,00", b"10,00")).verdict == Verdict.BROKEN


def test_an_irregular_file_is_not_known_to_be_the_issued_one():
    assert not seen(sign(hybrid(issued()), mayor(), strict=False)).contains


def test_an_object_that_a_signed_page_lacks_may_not_come_later():
    """The page calls for it, nothing shows; then an update brings it."""

    def call_for_more(writer):
        page = writer.root["/Pages"]["/Kids"][0]
        page["/Contents"].append(generic.IndirectObject(99, 0, writer))
        writer.update_container(page["/Contents"])

    def bring_it(writer):
        writer._lastobj_id = 98
        writer.add_object(generic.StreamObject(stream_data=b"BT /F 12 Tf (Autre) Tj ET"))

    signed = sign(updated(issued(), call_for_more), mayor())
    assert only(updated(signed, bring_it)).verdict == Verdict.CHANGED


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
