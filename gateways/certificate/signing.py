"""The signature on a certificate: PAdES, with the key of a PKCS#12 file, or with a marked sample key in development."""

import datetime as dt
import os
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign import fields, signers, timestamps
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.timestamps import TimestampRequestError

from workflow.ports import CertifierFailed

FIELD = "Certificate"
SAMPLE_NAME = "样例签名证书（开发用，不具法律效力）"
_SAMPLE_CA = "样例根证书（开发用）"
_SAMPLE_PASSWORD = b"sample"
"""Of no worth: the key signs nothing that anybody should trust, and the file can only be read by its owner."""
_SAMPLE_YEARS = 20
_ROOM, _ROOM_FOR_STAMP = 4_096, 12_288
"""Bytes of a signature beside its certificates: attributes and signature, and a time stamp with its own chain."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key with its certificates; ``sample`` where it is the one that development machines make for themselves."""

    signer: signers.SimpleSigner
    sample: bool

    @property
    def certificate(self) -> bytes:
        """The signing certificate, DER."""
        assert self.signer.signing_cert is not None
        return bytes(self.signer.signing_cert.dump())

    def must_be_in_force(self) -> None:
        """Raise :class:`CertifierFailed` where the certificate's days are over: nothing is signed then."""
        ends = x509.load_der_x509_certificate(self.certificate).not_valid_after_utc
        if ends <= dt.datetime.now(dt.UTC):
            raise CertifierFailed(f"签名证书已于 {ends:%Y-%m-%d} 到期")

    @property
    def certificates_size(self) -> int:
        """Bytes of all certificates that go into a signature."""
        return len(self.certificate) + sum(len(one.dump()) for one in self.signer.cert_registry)


def load_key(path: Path, password: str) -> SigningKey:
    """The key of a PKCS#12 file (.p12, .pfx); :class:`CertifierFailed` where it cannot be used."""
    try:
        signer = signers.SimpleSigner.load_pkcs12(path, passphrase=password.encode())
    except (OSError, ValueError) as problem:
        raise CertifierFailed(f"{path}: {type(problem).__name__}") from None
    if signer is None:
        raise CertifierFailed(f"{path}: 密码不对，或不是 PKCS#12 文件")
    key = SigningKey(signer, sample=False)
    key.must_be_in_force()
    return key


def former_certificate(path: Path) -> bytes:
    """A certificate (PEM) under whose key we signed before, DER; :class:`CertifierFailed` where it cannot be read."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(serialization.Encoding.DER)
    except (OSError, ValueError) as problem:
        raise CertifierFailed(f"{path}: {type(problem).__name__}") from None


def sample_key(folder: Path) -> SigningKey:
    """The sample key below ``folder``, made once with a root of its own: its signatures live through restarts."""
    path = folder / "sample-key.p12"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".sample-key.{os.getpid()}"
        partial.touch(mode=0o600)
        partial.write_bytes(_new_sample())
        partial.replace(path)
    return SigningKey(load_key(path, _SAMPLE_PASSWORD.decode()).signer, sample=True)


def certificate_reason(number: str, revision: int) -> str:
    """What the signature itself says it signs; :func:`gateways.certificate.reading.read` takes it apart again."""
    return f"证书 {number}，第 {revision} 版"


def confirmation_reason(number: str) -> str:
    """The same of a confirmation."""
    return f"确认书 {number}"


def sign(pdf: bytes, key: SigningKey, reason: str, timestamp_url: str = "") -> bytes:
    """The PDF with a certifying PAdES signature over all of it: no later change is allowed (DocMDP 1).

    ``reason`` is one of the two above. With ``timestamp_url`` an RFC 3161 time stamp is put into it (B-T), else the
    time is the machine's own (B-B).
    """
    key.must_be_in_force()
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        reason=reason,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    stamper = timestamps.HTTPTimeStamper(timestamp_url) if timestamp_url else None
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    fields.append_signature_field(writer, fields.SigFieldSpec(FIELD))
    signer = signers.PdfSigner(metadata, key.signer, timestamper=stamper)
    try:
        # Room for the signature is named here: pyHanko would sign twice to find out how much it needs.
        room = key.certificates_size + _ROOM + (_ROOM_FOR_STAMP if timestamp_url else 0)
        signed = signer.sign_pdf(writer, bytes_reserved=2 * room)
    except (PdfError, SigningError, TimestampRequestError) as problem:
        raise CertifierFailed(f"{type(problem).__name__}: {problem}"[:500]) from None
    return bytes(signed.getvalue())


def _new_sample() -> bytes:
    """A root and a key under it, as a PKCS#12 file."""
    now = dt.datetime.now(dt.UTC)
    root_key, own_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, own_name = _name(_SAMPLE_CA), _name(SAMPLE_NAME)
    root = (
        _certificate(root_name, root_name, root_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    own = (
        _certificate(own_name, root_name, own_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own_key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    encryption = serialization.BestAvailableEncryption(_SAMPLE_PASSWORD)
    return pkcs12.serialize_key_and_certificates(b"sample", own_key, own, [root], encryption)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "样例"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _certificate(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, now: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=365 * _SAMPLE_YEARS))
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    """What the key may do: sign documents and stand for them, or sign certificates."""
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=signs,
        key_cert_sign=not signs,
        crl_sign=not signs,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
