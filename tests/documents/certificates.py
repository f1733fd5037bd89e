"""Certificates that the tests make: an authority, people, a clock, and what revokes them."""

import io
from datetime import UTC, datetime, timedelta
from functools import cache

from asn1crypto import crl as asn1_crl
from asn1crypto import keys
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator.registry import SimpleCertificateStore

DAY = timedelta(days=1)
NOW = datetime.now(UTC).replace(microsecond=0)


class Holder:
    """A certificate with its key, signed by `issuer` (by itself when None)."""

    def __init__(self, name, issuer=None, *, start=-365 * DAY, end=365 * DAY, **extensions):
        # pyHanko's clock for tests signs with RSA only.
        self.key = (
            rsa.generate_private_key(65537, 2048)
            if "purpose" in extensions
            else ec.generate_private_key(ec.SECP256R1())
        )
        self.issuer = issuer or self
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, f"Organisme de {name}"),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
            ]
        )
        self.name = subject
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.issuer.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW + start)
            .not_valid_after(NOW + end)
        )
        for extension, critical in self._extensions(**extensions):
            builder = builder.add_extension(extension, critical)
        self.certificate = builder.sign(self.issuer.key, hashes.SHA256())

    def _extensions(self, *, signs=True, purpose=None):
        is_authority = self.issuer is self
        yield x509.BasicConstraints(ca=is_authority, path_length=None), True
        usage = dict.fromkeys(
            (
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "encipher_only",
                "decipher_only",
            ),
            False,
        )
        yield (
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=signs,
                key_cert_sign=is_authority,
                crl_sign=is_authority,
                **usage,
            ),
            True,
        )
        yield x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False
        yield (
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.issuer.key.public_key()),
            False,
        )
        if not is_authority:  # An answer is looked at only where one may be asked for.
            address = x509.UniformResourceIdentifier("http://revocation.invalid/")
            access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, address)
            yield x509.AuthorityInformationAccess([access]), False
        if purpose:
            yield x509.ExtendedKeyUsage([purpose]), True

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def asn1(self) -> asn1.Certificate:
        return asn1.Certificate.load(self.der)

    @property
    def asn1_key(self) -> keys.PrivateKeyInfo:
        return keys.PrivateKeyInfo.load(
            self.key.private_bytes(
                serialization.Encoding.DER,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    # --- As an authority ----------------------------------------------------
    def revocation_list(self, *revoked, start=-DAY, end=DAY) -> bytes:
        """Return the list (CRL) of the certificates it revoked a day before `start`, in DER."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.name)
            .last_update(NOW + start)
            .next_update(NOW + end)
        )
        for holder in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(holder.certificate.serial_number)
                .revocation_date(NOW + start - DAY)
                .build()
            )
        authority_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(authority_key, critical=False)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def revocation_answer(self, holder, *, revoked=False) -> bytes:
        """Return its answer (OCSP) about one certificate, in DER."""
        status = ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD
        answer = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                cert=holder.certificate,
                issuer=self.certificate,
                algorithm=hashes.SHA256(),
                cert_status=status,
                this_update=NOW - DAY,
                next_update=NOW + DAY,
                revocation_time=NOW - 2 * DAY if revoked else None,
                revocation_reason=None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self.certificate)
            .sign(self.key, hashes.SHA256())
        )
        return answer.public_bytes(serialization.Encoding.DER)


@cache
def authority() -> Holder:
    return Holder("Autorité d'essai")


@cache
def mayor() -> Holder:
    return Holder("Camille MARTIN", authority())


@cache
def rector() -> Holder:
    return Holder("Sophie BÉJEAN", authority())


@cache
def clock() -> Holder:
    """A time-stamping authority."""
    return Holder("Horloge d'essai", authority(), purpose=ExtendedKeyUsageOID.TIME_STAMPING)


def timestamper(holder: Holder, at: datetime | None = None) -> DummyTimeStamper:
    store = SimpleCertificateStore()
    store.register(holder.issuer.asn1)
    return DummyTimeStamper(
        tsa_cert=holder.asn1, tsa_key=holder.asn1_key, certs_to_embed=store, fixed_dt=at
    )


def sign(
    content: bytes,
    by: Holder,
    *,
    field="Signature",
    stamps=None,
    box=None,
    strict=True,
    **options,
):
    """Return `content` signed by `by` (PAdES), its bytes unchanged and the signature after them.

    `box` (page's points) makes the signature visible; a file that is not well written is
    signed all the same when not `strict`.
    """
    store = SimpleCertificateStore()
    store.register(by.issuer.asn1)
    signer = signers.SimpleSigner(
        signing_cert=by.asn1, signing_key=by.asn1_key, cert_registry=store
    )
    options = {"subfilter": SigSeedSubFilter.PADES} | options
    metadata = signers.PdfSignatureMetadata(field_name=field, **options)
    output = io.BytesIO()
    signers.PdfSigner(
        metadata,
        signer,
        timestamper=stamps,
        new_field_spec=SigFieldSpec(field, on_page=0, box=box),
    ).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(content), strict=strict), output=output)
    return output.getvalue()


def with_evidence(content: bytes, *, crls=(), ocsps=(), certificates=(), strict=True) -> bytes:
    """Return the signed file with what proves that certificates are revoked or not (PAdES-LT)."""
    output = io.BytesIO(content)
    DocumentSecurityStore.add_dss(
        output,
        sig_contents=None,
        certs=[holder.asn1 for holder in certificates],
        crls=[asn1_crl.CertificateList.load(der) for der in crls],
        ocsps=[asn1_ocsp.OCSPResponse.load(der) for der in ocsps],
        strict=strict,
    )
    return output.getvalue()
