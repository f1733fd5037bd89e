"""Electronic signatures of a PDF (PAdES, ETSI EN 319 142-1): who signed, and what it is worth.

Nothing is asked of the network: a certificate is trusted through the authorities it is
given, and known not to be revoked by what the file itself carries.

A stranger wrote all that is read here: it is done by a process of its own, asked by
`documents.received.examining`. Run as a program, this module reads a PDF on its input and writes
what it found on its output.
"""

import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from asn1crypto.x509 import Certificate
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.generic import DictionaryObject
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.general import (
    MultivaluedAttributeError,
    NonexistentAttributeError,
    find_unique_cms_attribute,
)
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko.sign.validation.utils import extract_message_digest
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import AlgorithmNotSupported
from pyhanko_certvalidator.sig_validate import (
    DEFAULT_SIGNATURE_VALIDATOR,
    SignatureValidationContext,
)
from pyhanko_certvalidator.util import get_pyca_cryptography_hash

from documents.received.bounds import open_pdf
from documents.received.revisions import (
    COMPARISON,
    MAX_REVISIONS,
    Reader,
    contained_states,
    fields_completed,
)
from documents.received.verdicts import NOTHING_SIGNED, Examination, Found, Later, Verdict

logger = logging.getLogger(__name__)

CERTIFICATE_FILES = ("*.pem", "*.crt", "*.cer", "*.der")
# Each later state of a file is compared with the one before it: more is no signed copy.
MAX_SIGNATURES = 10
# The convention of 190 schools has 2,300; 20,000 take three seconds.
MAX_OBJECTS = 30_000

_SIGNED_PART = re.compile(rb"/ByteRange\s*\[([^\]]{0,100})")
_END = re.compile(rb"%%EOF(\r\n|\r|\n)?")


@dataclass(frozen=True)
class _Evidence:
    """What a file carries to check certificates with."""

    certificates: list = field(default_factory=list)
    crls: list = field(default_factory=list)
    ocsps: list = field(default_factory=list)


def load_authorities(folder: Path) -> list[Certificate]:
    """Return the certificates of the authorities that are trusted: PEM or DER files of a folder.

    A file that cannot be read is left out, and named in the log. No folder, no authority.
    """
    found = []
    for path in sorted(path for pattern in CERTIFICATE_FILES for path in folder.glob(pattern)):
        try:
            certificates = list(load_certs_from_pemder([path]))
            found += [c for c in certificates if c.subject]  # Parsed lazily: asks for all of it.
        except (OSError, ValueError, TypeError) as error:
            logger.error("Trusted certificate %s cannot be read: %s", path.name, error)
    return found


def examine(
    content: bytes, authorities: Sequence[Certificate], *, now: datetime | None = None
) -> Examination:
    """Return what can be said of the signatures of a PDF; never raises.

    `authorities` are the certificates that are trusted to name people; `now` (aware) is
    when certificates must be valid, unless a trusted timestamp tells when they were used.
    A file that is not written as the standard wants is read a second time, leniently: what
    that reading finds right is `Verdict.IRREGULAR`.
    """
    if not _SIGNED_PART.search(content):
        return NOTHING_SIGNED
    now = now or datetime.now(UTC)
    strict = _examine(content, authorities, now, strict=True)
    unread = [found.verdict == Verdict.UNVERIFIABLE for found in strict.signatures]
    if not any(unread):
        return strict
    lenient = _examine(content, authorities, now, strict=False)
    if all(unread) or len(lenient.signatures) != len(unread):
        return lenient
    signatures = zip(unread, strict.signatures, lenient.signatures, strict=True)
    return replace(strict, signatures=tuple(b if a else c for a, c, b in signatures))


def _examine(content, authorities, now, *, strict: bool) -> Examination:
    try:
        if not strict:
            content = _without_tail(content)
        _check_bounds(content, strict=strict)
        reader = Reader(content, strict=strict)
        embedded = reader.embedded_signatures
        ordinary = [signature for signature in embedded if signature.sig_object_type == "/Sig"]
        found = [
            _examine_one(signature, embedded, authorities, now)
            for signature in ordinary[:MAX_SIGNATURES]
        ]
        signed = [sig for _, sig, _ in enumerate_sig_fields(reader, filled_status=True)]
        if len(signed) > len(embedded):  # Of a format that is no longer in use.
            found.append(Found(Verdict.UNVERIFIABLE))
        explained = {_range_of(signature) for signature in (*signed, *_usage_rights(reader))}
        if not _ranges(content) <= explained:  # Its bytes are there, and no field leads to them.
            found.append(Found(Verdict.REMOVED))
        # Without a signature that holds, what stands in the file proves nothing.
        holds = any(signature.later for signature in found)
        return Examination(tuple(found), tuple(contained_states(content, reader)) if holds else ())
    except Exception as error:  # A hostile file may break the reader in any way.
        logger.info("A signed PDF could not be examined: %s", error)
        return Examination((Found(Verdict.UNVERIFIABLE),))


def _without_tail(content: bytes) -> bytes:
    """Return a file without what its way here appended to it: zeros, a page of the web."""
    ends = [match.end() for match in _END.finditer(content)]
    if not ends or b" obj" in content[ends[-1] :]:  # Torn: an update that is not whole.
        return content
    return content[: ends[-1]]


def _check_bounds(content: bytes, *, strict: bool) -> None:
    with open_pdf(content, recover=not strict) as pdf:
        if len(pdf.objects) > MAX_OBJECTS:
            raise PdfReadError(f"more than {MAX_OBJECTS} objects")


def _usage_rights(reader: Reader) -> Iterator[DictionaryObject]:
    """Yield what Adobe signed to lend its reader more functions (ISO 32000-1, 12.8.2.3).

    Nobody has signed the document by it, and it may stay behind in an earlier state.
    """
    for revision in range(min(reader.total_revisions, MAX_REVISIONS)):
        try:
            rights = reader.get_historical_root(revision)["/Perms"]
        except (PdfReadError, KeyError, AssertionError):
            continue  # None was lent; or, of a file made for the web, the first part alone.
        yield from (rights[name] for name in ("/UR3", "/UR") if name in rights)


def _ranges(content: bytes) -> set[tuple[bytes, ...]]:
    """Return the ranges of bytes that are said, anywhere in the file, to be signed."""
    return {_numbers(match[1].split()) for match in _SIGNED_PART.finditer(content)}


def _range_of(signature) -> tuple[bytes, ...]:
    return _numbers(str(number).encode() for number in signature.get_object()["/ByteRange"])


def _numbers(written: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return numbers without the zeros that a program pads them with."""
    return tuple(number.lstrip(b"0") or b"0" for number in written)


def _examine_one(signature, embedded, authorities, now) -> Found:
    try:
        if not _can_be_verified(signature):
            verdict = Verdict.BROKEN if _is_altered(signature) else Verdict.UNSUPPORTED
            return Found(verdict, **_identity(signature.signer_cert))
        evidence = _evidence(signature)
        timestamped_at = _trusted_time(signature, evidence, authorities, now)
        moment = timestamped_at or now
        demanding = validate_pdf_signature(
            signature,
            _context(evidence, authorities, moment, "require"),
            _context(evidence, authorities, moment),
            diff_policy=COMPARISON,
        )
        indulgent = validate_pdf_signature(
            signature, _context(evidence, authorities, moment), skip_diff=True
        )
        later = _later(signature, demanding, embedded)
        return Found(
            _verdict(signature, demanding, indulgent, moment, later),
            signed_at=_aware(demanding.signer_reported_dt),
            timestamped_at=timestamped_at,
            later=later,
            signed_size=_signed_size(signature, demanding),
            **_identity(signature.signer_cert),
        )
    except Exception as error:
        logger.info("A signature could not be verified: %s", error)
        return Found(Verdict.UNVERIFIABLE)


def _identity(certificate: Certificate) -> dict:
    subject, issuer = certificate.subject.native, certificate.issuer.native
    return {
        "signer": _first(subject.get("common_name") or certificate.subject.human_friendly),
        "organisation": _first(subject.get("organization_name", "")),
        "issuer": _first(
            issuer.get("common_name")
            or issuer.get("organization_name")
            or certificate.issuer.human_friendly
        ),
        "certificate_from": certificate.not_valid_before,
        "certificate_until": certificate.not_valid_after,
    }


def _first(name: str | list[str]) -> str:
    """A name may be given several times, and hold anything."""
    only = name[0] if isinstance(name, list) else name
    return "".join(filter(str.isprintable, only))[:200]


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def _context(evidence, authorities, moment, revocation_mode="soft-fail") -> ValidationContext:
    """Return how certificates are judged at `moment`; "require" wants proof of non-revocation."""
    return ValidationContext(
        trust_roots=list(authorities),
        other_certs=evidence.certificates,
        crls=evidence.crls,
        ocsps=evidence.ocsps,
        moment=moment,
        revocation_mode=revocation_mode,
        # Proof is collected after signing: it counts for the moment before it.
        retroactive_revinfo=True,
        allow_fetching=False,
    )


def _trusted_time(signature, evidence, authorities, now) -> datetime | None:
    """Return when a trusted authority saw the signature, if one did."""
    context = _context(evidence, authorities, now)
    timestamp = validate_pdf_signature(signature, context, skip_diff=True).timestamp_validity
    if timestamp and timestamp.valid and timestamp.intact and timestamp.trusted:
        return timestamp.timestamp
    return None


def _evidence(signature: EmbeddedPdfSignature) -> _Evidence:
    """Return the certificates and the proofs of non-revocation that the file carries.

    They are in the document's security store (PAdES) or in the signature (Adobe's way).
    """
    evidence = _Evidence()
    try:
        store = DocumentSecurityStore.read_dss(signature.reader)
    except NoDSSFoundError:
        pass
    else:
        evidence.certificates.extend(store.load_certs())
        evidence.crls.extend(c.get_object().read_data(DecodePurpose.CRL) for c in store.crls)
        evidence.ocsps.extend(
            o.get_object().read_data(DecodePurpose.OCSP_RESPONSE) for o in store.ocsps
        )
    try:
        archived = find_unique_cms_attribute(
            signature.signer_info["signed_attrs"], "adobe_revocation_info_archival"
        )
    except (NonexistentAttributeError, MultivaluedAttributeError):
        pass
    else:
        evidence.crls.extend(archived["crl"])
        evidence.ocsps.extend(archived["ocsp"])
    return evidence


def _can_be_verified(signature: EmbeddedPdfSignature) -> bool:
    """Tell whether its algorithms are among those that can be verified."""
    signer = signature.signer_info
    try:
        get_pyca_cryptography_hash(signature.md_algorithm)
        DEFAULT_SIGNATURE_VALIDATOR.validate_signature(
            signer["signature"].native,
            b"",
            signature.signer_cert.public_key,
            signer["signature_algorithm"],
            SignatureValidationContext(contextual_md_algorithm=signature.md_algorithm),
        )
    except (AlgorithmNotSupported, UnsupportedAlgorithm, AttributeError, NotImplementedError):
        return False
    except InvalidSignature:  # Of nothing, as it should be.
        return True
    return True


def _is_altered(signature: EmbeddedPdfSignature) -> bool:
    """Tell whether the content is surely not what was signed, without its signature's algorithm."""
    try:
        return signature.compute_digest() != extract_message_digest(signature.signer_info)
    except AttributeError:  # The digest's algorithm is unknown as well.
        return False


def _verdict(
    signature: EmbeddedPdfSignature,
    demanding: PdfSignatureStatus,
    indulgent: PdfSignatureStatus,
    moment: datetime,
    later: str,
) -> Verdict:
    """Say what happened to the file first, then what the certificate is worth."""
    if not (demanding.intact and demanding.valid):
        return Verdict.BROKEN
    if demanding.coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        return Verdict.REWRITTEN if _is_rewritten(signature) else Verdict.PARTIAL
    if not demanding.docmdp_ok:
        return Verdict.CHANGED
    if demanding.revoked or indulgent.revoked:
        return Verdict.REVOKED
    if not signature.reader.strict:
        return Verdict.IRREGULAR
    return _worth(demanding, indulgent, moment, later)


def _is_rewritten(signature: EmbeddedPdfSignature) -> bool:
    """Tell whether what the file says of the signature (reason, place) was replaced later."""
    xrefs = signature.reader.xrefs
    reference = signature.sig_field.get_value_as_reference("/V")
    return xrefs.get_introducing_revision(reference) < xrefs.get_last_change(reference)


def _worth(demanding, indulgent, moment, later) -> Verdict:
    """Trust `bottom_line` alone: the other flags stay true when content is appended."""
    if indulgent.bottom_line and later == Later.ADDITIONS:
        return Verdict.COMPLETED
    if demanding.bottom_line:
        return Verdict.VALID
    if indulgent.bottom_line:
        return Verdict.REVOCATION_UNKNOWN
    no_chain = indulgent.trust_problem_indic == AdESIndeterminate.NO_CERTIFICATE_CHAIN_FOUND
    if no_chain or indulgent.signing_cert.self_issued:
        return Verdict.UNKNOWN_ISSUER
    if moment > indulgent.signing_cert.not_valid_after:
        return Verdict.EXPIRED
    if moment < indulgent.signing_cert.not_valid_before:
        return Verdict.NOT_YET_VALID
    if indulgent.trusted and indulgent.seed_value_ok:
        return Verdict.UNKNOWN_TIMESTAMP
    return Verdict.UNFIT


def _signed_size(signature: EmbeddedPdfSignature, status: PdfSignatureStatus) -> int | None:
    """Return where the signed part ends, if nothing but the signature itself was left out of it."""
    if not (status.intact and status.valid) or len(signature.byte_range) != 4:
        return None
    start, before, after, rest = map(int, signature.byte_range)
    # In hexadecimal, between < and >.
    hole = 2 * len(signature.pkcs7_content) + 2
    return after + rest if start == 0 and after == before + hole else None


def _later(signature: EmbeddedPdfSignature, status: PdfSignatureStatus, embedded) -> str:
    if not (signature.reader.strict and status.intact and status.valid and status.docmdp_ok):
        return ""
    if status.coverage == SignatureCoverageLevel.ENTIRE_FILE:
        return Later.NOTHING
    # Bytes beyond the last revision, or a form filled in: after the last signature, or before
    # another one, which then answers for it alone.
    in_last_revision = signature.signed_revision == signature.reader.xrefs.total_revisions - 1
    is_last = all(other.signed_revision <= signature.signed_revision for other in embedded)
    filled_in = is_last and status.modification_level > ModificationLevel.LTA_UPDATES
    changes = status.diff_result
    completed = isinstance(changes, DiffResult) and fields_completed(signature.reader, changes)
    return Later.ADDITIONS if in_last_revision or filled_in or completed else Later.SIGNATURES


# --- The program -----------------------------------------------------------------
if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR, format="%(message)s")  # Certificates of ours.
    folder, moment = sys.argv[1:]
    examined = examine(
        sys.stdin.buffer.read(), load_authorities(Path(folder)), now=datetime.fromisoformat(moment)
    )
    json.dump(asdict(examined), sys.stdout, default=datetime.isoformat)
