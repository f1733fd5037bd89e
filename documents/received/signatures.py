"""Electronic signatures of a PDF (PAdES, ETSI EN 319 142-1): who signed, and what it is worth.

Nothing is asked of the network: a certificate is trusted through the authorities it is
given, and known not to be revoked by what the file itself carries.
"""

import hashlib
import io
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
from asn1crypto.x509 import Certificate
from django.db.models import TextChoices
from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, DiffResult, ModificationLevel
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
from pyhanko_certvalidator import ValidationContext

logger = logging.getLogger(__name__)

CERTIFICATE_FILES = ("*.pem", "*.crt", "*.cer", "*.der")
# Each later state of a file is compared with the one before it: more is no signed copy.
MAX_SIGNATURES = 10
# The convention of 190 schools has 2,300; 20,000 take three seconds.
MAX_OBJECTS = 30_000
MAX_REVISIONS = 20

_SIGNED_PART = re.compile(rb"/ByteRange\s*\[")
_END_OF_REVISION = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF(\r\n|\r|\n)?")
# Adding a signature is, to pyHanko, filling a form in.
_ONLY_SIGNATURES = ModificationLevel.FORM_FILLING


class Verdict(TextChoices):
    """What a signature is worth. What happened to the file is said before the certificate."""

    VALID = "valid", "signature valable"
    REVOCATION_UNKNOWN = "revocation_unknown", "signature valable, révocation non vérifiée"
    UNKNOWN_TIMESTAMP = "unknown_timestamp", "horodatage non reconnu"
    UNKNOWN_ISSUER = "unknown_issuer", "signataire non authentifié"
    EXPIRED = "expired", "certificat expiré"
    NOT_YET_VALID = "not_yet_valid", "certificat pas encore valable"
    REVOKED = "revoked", "certificat révoqué"
    UNFIT = "unfit", "certificat inadapté"
    CHANGED = "changed", "fichier modifié après la signature"
    PARTIAL = "partial", "signature partielle"
    BROKEN = "broken", "contenu signé altéré"
    REMOVED = "removed", "signature retirée"
    UNVERIFIABLE = "unverifiable", "signature non vérifiable"


class Weight(TextChoices):
    """How much a verdict weighs on the reader's mind; named as the design system does."""

    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


# What a verdict means for who receives the file.
MEANINGS = {
    Verdict.VALID: "Le certificat du signataire est reconnu et n'était pas révoqué.",
    Verdict.REVOCATION_UNKNOWN: "Le certificat du signataire est reconnu, mais le fichier ne "
    "contient pas la preuve qu'il n'était pas révoqué. En cas de doute, interrogez le signataire.",
    Verdict.UNKNOWN_TIMESTAMP: "Le certificat du signataire est reconnu, mais l'autorité qui date "
    "la signature ne l'est pas : la date n'est pas prouvée.",
    Verdict.UNKNOWN_ISSUER: "L'autorité qui a délivré le certificat n'est pas de celles que ce "
    "site reconnaît : rien ne prouve l'identité du signataire. Vérifiez-la auprès de lui.",
    Verdict.EXPIRED: "Le certificat du signataire n'était plus valable lors de la vérification, "
    "et rien ne prouve que la signature lui est antérieure. Demandez-en une nouvelle.",
    Verdict.NOT_YET_VALID: "Le certificat du signataire n'était pas encore valable. Demandez une "
    "nouvelle signature.",
    Verdict.REVOKED: "Le certificat du signataire a été révoqué : la signature n'est pas fiable. "
    "Demandez-en une nouvelle.",
    Verdict.UNFIT: "Le certificat n'est pas fait pour signer des documents, ou ne peut pas être "
    "rattaché à une autorité reconnue. Demandez une signature avec un autre certificat.",
    Verdict.CHANGED: "Ce que l'on voit n'est plus ce qui a été signé. Demandez le fichier tel qu'il "
    "est sorti de la signature.",
    Verdict.PARTIAL: "La signature ne couvre qu'une partie du fichier : le reste a pu être changé. "
    "Demandez le fichier tel qu'il est sorti de la signature.",
    Verdict.BROKEN: "Le contenu n'est pas celui qui a été signé. Demandez le fichier tel qu'il est "
    "sorti de la signature.",
    Verdict.REMOVED: "Le fichier garde la trace d'une signature qui n'y figure plus. Demandez le "
    "fichier tel qu'il est sorti de la signature.",
    Verdict.UNVERIFIABLE: "Le format de la signature n'a pas pu être lu : elle n'est ni confirmée "
    "ni démentie. Vérifiez-la dans un lecteur de PDF.",
}
WEIGHTS = {
    Verdict.VALID: Weight.SUCCESS,
    **dict.fromkeys((Verdict.REVOKED, Verdict.CHANGED, Verdict.PARTIAL), Weight.ERROR),
    **dict.fromkeys((Verdict.BROKEN, Verdict.REMOVED), Weight.ERROR),
}


class Later(TextChoices):
    """What the file holds after the part that is signed."""

    NOTHING = "nothing", "La signature couvre tout le fichier."
    SIGNATURES = (
        "signatures",
        "Seules d'autres signatures, ou ce qui sert à les vérifier, ont été ajoutées ensuite.",
    )
    ADDITIONS = (
        "additions",
        "Le fichier a ensuite été complété sans être signé à nouveau : relisez-le.",
    )


@dataclass(frozen=True)
class Found:
    """One signature of a file. Names are as the certificate gives them, dates in UTC.

    `signed_at` is what the signer's machine says; `timestamped_at` what a trusted
    time-stamping authority does, else None. `later` is empty when the file was changed.
    """

    verdict: Verdict
    signer: str = ""
    organisation: str = ""
    issuer: str = ""
    certificate_from: datetime | None = None
    certificate_until: datetime | None = None
    signed_at: datetime | None = None
    timestamped_at: datetime | None = None
    later: str = ""


@dataclass(frozen=True)
class Examination:
    """The signatures of a file, in the order they were made.

    `contains` are the SHA-256 of the files that this one was before: each stands in it byte
    for byte, and nothing but signatures was added to it since.
    """

    signatures: tuple[Found, ...] = ()
    contains: tuple[str, ...] = ()


NOTHING_SIGNED = Examination()


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
    """
    marks = len(_SIGNED_PART.findall(content))
    if not marks:
        return NOTHING_SIGNED
    try:
        _check_bounds(content)
        reader = _Reader(io.BytesIO(content))
        embedded = reader.embedded_signatures
        ordinary = [signature for signature in embedded if signature.sig_object_type == "/Sig"]
        found = [
            _examine_one(signature, embedded, authorities, now or datetime.now(UTC))
            for signature in ordinary[:MAX_SIGNATURES]
        ]
        fields = len(list(enumerate_sig_fields(reader, filled_status=True)))
        if fields > len(embedded):  # Of a format that is no longer in use.
            found.append(Found(Verdict.UNVERIFIABLE))
        if marks > fields:  # Its bytes are there, and no field leads to them any more.
            found.append(Found(Verdict.REMOVED))
        # Without a signature that holds, what stands in the file proves nothing.
        holds = any(signature.later for signature in found)
        return Examination(tuple(found), tuple(_contained(content, reader)) if holds else ())
    except Exception as error:  # A hostile file may break the reader in any way.
        logger.info("A signed PDF could not be examined: %s", error)
        return Examination((Found(Verdict.UNVERIFIABLE),))


def _check_bounds(content: bytes) -> None:
    with pikepdf.open(io.BytesIO(content), attempt_recovery=False) as pdf:
        if len(pdf.objects) > MAX_OBJECTS:
            raise PdfReadError(f"more than {MAX_OBJECTS} objects")


def _examine_one(signature, embedded, authorities, now) -> Found:
    try:
        evidence = _evidence(signature)
        timestamped_at = _trusted_time(signature, evidence, authorities, now)
        moment = timestamped_at or now
        demanding = validate_pdf_signature(
            signature,
            _context(evidence, authorities, moment, "require"),
            _context(evidence, authorities, moment),
        )
        lenient = validate_pdf_signature(
            signature, _context(evidence, authorities, moment), skip_diff=True
        )
        return Found(
            _verdict(demanding, lenient, moment),
            signed_at=_aware(demanding.signer_reported_dt),
            timestamped_at=timestamped_at,
            later=_later(signature, demanding, embedded),
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


def _verdict(demanding: PdfSignatureStatus, lenient: PdfSignatureStatus, moment) -> Verdict:
    """Trust `bottom_line` alone: the other flags stay true when content is appended."""
    if demanding.bottom_line:
        return Verdict.VALID
    if not (demanding.intact and demanding.valid):
        return Verdict.BROKEN
    if demanding.coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        return Verdict.PARTIAL
    if not demanding.docmdp_ok:
        return Verdict.CHANGED
    if demanding.revoked or lenient.revoked:
        return Verdict.REVOKED
    if lenient.bottom_line:
        return Verdict.REVOCATION_UNKNOWN
    no_chain = lenient.trust_problem_indic == AdESIndeterminate.NO_CERTIFICATE_CHAIN_FOUND
    if no_chain or lenient.signing_cert.self_issued:
        return Verdict.UNKNOWN_ISSUER
    if moment > lenient.signing_cert.not_valid_after:
        return Verdict.EXPIRED
    if moment < lenient.signing_cert.not_valid_before:
        return Verdict.NOT_YET_VALID
    if lenient.trusted and lenient.seed_value_ok:
        return Verdict.UNKNOWN_TIMESTAMP
    return Verdict.UNFIT


def _later(signature, status: PdfSignatureStatus, embedded) -> str:
    if not (status.intact and status.valid and status.docmdp_ok):
        return ""
    if status.coverage == SignatureCoverageLevel.ENTIRE_FILE:
        return Later.NOTHING
    # Bytes beyond the last revision, or a form filled in after the last signature.
    in_last_revision = signature.signed_revision == signature.reader.xrefs.total_revisions - 1
    is_last = all(other.signed_revision <= signature.signed_revision for other in embedded)
    filled_in = is_last and status.modification_level > ModificationLevel.LTA_UPDATES
    return Later.ADDITIONS if in_last_revision or filled_in else Later.SIGNATURES


class _Reader(PdfFileReader):
    """pyHanko's reader in strict mode; it would read the index of an object stream anew for
    each object: half a minute for the convention of a town of 190 schools.
    """

    def __init__(self, stream) -> None:
        self._indexes: dict[int, tuple[bytes, dict[int, tuple[int, int]]]] = {}
        super().__init__(stream)

    def _get_object_from_stream(self, idnum, stmnum, idx):
        data, index = self._index_of(stmnum)
        rank, offset = index.get(idnum, (None, 0))
        if rank != idx:
            raise PdfReadError(f"Object {idnum} is not where it should be in stream {stmnum}.")
        content = io.BytesIO(data)
        content.seek(offset)
        found = generic.read_object(content, generic.Reference(idnum, 0, self))
        if isinstance(found, (generic.StreamObject, generic.IndirectObject)):
            raise PdfReadError(f"Object {idnum} may not stand in an object stream.")
        return found

    def _index_of(self, stmnum: int) -> tuple[bytes, dict[int, tuple[int, int]]]:
        """Return what an object stream holds: its data, and (rank, offset) of each object."""
        if stmnum not in self._indexes:
            stream = generic.Reference(stmnum, 0, self).get_object()
            if not isinstance(stream, generic.StreamObject) or stream["/Type"] != "/ObjStm":
                raise PdfReadError(f"Object {stmnum} is not an object stream.")
            data, first = stream.read_data(DecodePurpose.OBJECT_STREAM), stream["/First"]
            numbers = [int(number) for number in data[:first].split()[: 2 * stream["/N"]]]
            index: dict[int, tuple[int, int]] = {}
            for rank, (number, offset) in enumerate(zip(numbers[::2], numbers[1::2], strict=True)):
                index.setdefault(number, (rank, first + offset))
            self._indexes[stmnum] = data, index
        return self._indexes[stmnum]


class _EarlierState(HistoricalResolver):
    """A revision to compare with what came after: one without form is shown with an empty one.

    Signing adds the form that holds the signatures; pyHanko only compares forms.
    """

    @property
    def root(self) -> generic.DictionaryObject:
        root = super().root
        if "/AcroForm" in root:
            return root
        form = generic.DictionaryObject({pdf_name("/Fields"): generic.ArrayObject()})
        flags = self.reader.root["/AcroForm"].get("/SigFlags")
        if flags is not None:
            form[pdf_name("/SigFlags")] = flags
        shown = generic.DictionaryObject(root)
        shown.container_ref = root.container_ref
        shown[pdf_name("/AcroForm")] = form
        return shown


def _contained(content: bytes, reader: PdfFileReader) -> Iterator[str]:
    """Yield the SHA-256 of the earlier states of the file that only signatures were added to."""
    revisions = {
        reader.xrefs.get_startxref_for_revision(number): number
        for number in range(min(reader.xrefs.total_revisions - 1, MAX_REVISIONS))
    }
    hashed, done = hashlib.sha256(), 0
    for match in _END_OF_REVISION.finditer(content):
        revision = revisions.pop(int(match[1]), None)
        if revision is None:
            continue
        if not _only_signed_since(reader, revision):
            continue
        # The file may have ended with its last word, or with the line.
        for end in _ends(match):
            hashed.update(content[done:end])
            done = end
            yield hashed.hexdigest()


def _only_signed_since(reader: PdfFileReader, revision: int) -> bool:
    try:
        review = DEFAULT_DIFF_POLICY.review_file(reader, _EarlierState(reader, revision))
    except Exception as error:  # What cannot be compared is not taken for the same.
        logger.info("Two states of a PDF could not be compared: %s", error)
        return False
    return isinstance(review, DiffResult) and review.modification_level <= _ONLY_SIGNATURES


def _ends(match: re.Match) -> Iterable[int]:
    line_end = len(match[2] or b"")
    return range(match.end() - line_end, match.end() + 1)
