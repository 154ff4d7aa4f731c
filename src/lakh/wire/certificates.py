"""Certificates of agents and servers: the authority, what it issues, what it signs (agent-protocol 1.3, 3.7).

A management server presents its authority's certificate itself on the agent port, or a leaf issued by it; agents with
a keystore accept both. Agents get leaves with their names and addresses as SANs. Time and validity are parameters.
"""

from __future__ import annotations

import ipaddress
from base64 import encodebytes
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from lakh.base.errors import LakhError
from lakh.wire.errors import ProtocolError
from lakh.wire.tls import PeerCheck, sans_of, serial_text

AUTHORITY_NAME: Final = "ca.cloudstack.apache.org"
AUTHORITY_VALIDITY: Final = timedelta(days=365 * 30)
BACKDATE: Final = timedelta(hours=12)  # agents' clocks may be behind

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class CertificateError(LakhError):
    """A certificate, key or signing request cannot be read or used. The text says which and why."""


class Certificate(NamedTuple):
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: PrivateKey

    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def certificate_der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def key_pem(self) -> bytes:
        """Unencrypted PKCS#8: write it where only the owner reads."""
        return key_pem(self.key)


def new_p256_key() -> PrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def new_rsa_key(bits: int = 2048) -> PrivateKey:
    """CloudStack's own authority has 4096 bits, its agents 2048."""
    return rsa.generate_private_key(65537, bits)


def key_pem(key: PrivateKey) -> bytes:
    """Unencrypted PKCS#8."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def key_der(key: PrivateKey) -> bytes:
    """Unencrypted PKCS#8."""
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def der_key_pem(der: bytes) -> bytes:
    """A PKCS#8 key in its other form."""
    return b"-----BEGIN PRIVATE KEY-----\n" + encodebytes(der) + b"-----END PRIVATE KEY-----\n"


def read_key(der: bytes) -> PrivateKey:
    """A PKCS#8 key. Raises CertificateError."""
    try:
        key = serialization.load_der_private_key(der, None)
    except (ValueError, TypeError) as error:
        raise CertificateError(f"key cannot be read: {error}") from None
    if not isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise CertificateError("private key: only RSA and elliptic curve keys can be used")
    return key


def read_certificate(certificate_pem: bytes, key_pem: bytes) -> Certificate:
    """Raises CertificateError when either cannot be read or they do not belong together."""
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem)
        key = serialization.load_pem_private_key(key_pem, None)
    except (ValueError, TypeError) as error:
        raise CertificateError(f"certificate or key cannot be read: {error}") from None
    if not isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise CertificateError("private key: only RSA and elliptic curve keys can be used")
    if key.public_key() != certificate.public_key():
        raise CertificateError("private key and certificate do not belong together")
    return Certificate(certificate, key)


def new_authority(
    key: PrivateKey, *, now: datetime, name: str = AUTHORITY_NAME, validity: timedelta = AUTHORITY_VALIDITY
) -> Certificate:
    """A self-signed authority as CloudStack makes it: CA, signing of certificates and CRLs only, no SAN.

    On a P-256 key it may also sign handshakes: OpenSSL would not present it as a server's certificate otherwise, while
    it lets an RSA one pass. `now` must have a time zone.
    """
    subject = _common_name(name)
    usage = x509.KeyUsage(
        digital_signature=isinstance(key, ec.EllipticCurvePrivateKey),
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        _builder(subject, subject, key.public_key(), now, validity)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Certificate(builder.sign(key, hashes.SHA256()), key)


def new_leaf(
    authority: Certificate, key: PrivateKey, *, name: str, sans: Sequence[str], now: datetime, validity: timedelta
) -> Certificate:
    """A certificate for a key of our own, such as a server's or a system VM's. `sans`: host names and addresses."""
    subject = _common_name(name)
    return Certificate(_issue(authority, subject, key.public_key(), sans, now, validity), key)


def signing_request(key: PrivateKey, *, name: str, sans: Sequence[str]) -> bytes:
    """A PKCS#10 request, PEM, as an agent answers SetupKeyStoreCommand with."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_common_name(name))
    if sans:
        builder = builder.add_extension(_alternative_names(sans), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def issue(
    authority: Certificate, request_pem: bytes, *, sans: Sequence[str], now: datetime, validity: timedelta
) -> bytes:
    """Signs an agent's request: its subject, its own SANs and `sans`. Returns PEM; raises CertificateError."""
    request, public_key = _read_request(request_pem)
    merged = list(dict.fromkeys((*sans, *sans_of(request.extensions))))
    try:
        certificate = _issue(authority, request.subject, public_key, merged, now, validity)
    except ValueError as error:
        raise CertificateError(f"certificate cannot be made: {error}") from None
    return certificate.public_bytes(serialization.Encoding.PEM)


def check_request(request_pem: bytes) -> None:
    """Raises CertificateError for a request that `issue` would refuse."""
    _read_request(request_pem)


def _read_request(
    request_pem: bytes,
) -> tuple[x509.CertificateSigningRequest, ec.EllipticCurvePublicKey | rsa.RSAPublicKey]:
    try:
        request = x509.load_pem_x509_csr(request_pem)
        valid = request.is_signature_valid
        public_key = request.public_key()
        sans_of(request.extensions)
    except (ValueError, TypeError) as error:
        raise CertificateError(f"certificate signing request cannot be read: {error}") from None
    if not valid:
        raise CertificateError("certificate signing request is not signed by its own key")
    if not isinstance(public_key, (ec.EllipticCurvePublicKey, rsa.RSAPublicKey)):
        raise CertificateError("certificate signing request: only RSA and elliptic curve keys can be used")
    return request, public_key


class Facts(NamedTuple):
    """What is kept of a certificate: its serial as `wire.tls.serial_text` writes it, and when it ends."""

    serial: str
    expires_ms: int


def facts_of(certificate_pem: bytes) -> Facts:
    """Raises CertificateError."""
    try:
        read = x509.load_pem_x509_certificate(certificate_pem)
    except ValueError as error:
        raise CertificateError(f"certificate cannot be read: {error}") from None
    return Facts(serial_text(read.serial_number), int(read.not_valid_after_utc.timestamp() * 1000))


def certificate_sans(certificate_der: bytes) -> list[str]:
    """Host names and addresses a certificate stands for. Raises CertificateError."""
    try:
        return sans_of(x509.load_der_x509_certificate(certificate_der).extensions)
    except ValueError as error:
        raise CertificateError(f"certificate cannot be read: {error}") from None


def issued_by(authority_pem: bytes) -> PeerCheck:
    """A check for `TlsSide`: the peer presents one of these authorities' certificates itself, or one issued by them.

    Validity dates are not looked at, as CloudStack does not by default (ca.plugin.root.allow.expired.cert).
    Raises CertificateError when the PEM holds no certificate.
    """
    try:
        authorities = x509.load_pem_x509_certificates(authority_pem)
    except ValueError as error:
        raise CertificateError(f"authority's certificate cannot be read: {error}") from None

    def check(certificate_der: bytes | None) -> None:
        if certificate_der is None:
            raise ProtocolError("the peer presented no certificate")
        try:
            certificate = x509.load_der_x509_certificate(certificate_der)
        except ValueError as error:
            raise ProtocolError(f"the peer's certificate cannot be read: {error}") from None
        if not any(certificate == authority or _signed(certificate, authority) for authority in authorities):
            raise ProtocolError("the peer's certificate was not issued by an authority known here")

    return check


def _signed(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _issue(
    authority: Certificate,
    subject: x509.Name,
    public_key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    sans: Sequence[str],
    now: datetime,
    validity: timedelta,
) -> x509.Certificate:
    signer = authority.certificate
    identifier = signer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        _builder(subject, signer.subject, public_key, now, validity)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )
    if sans:
        builder = builder.add_extension(_alternative_names(sans), critical=False)
    return builder.sign(authority.key, hashes.SHA256())


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    now: datetime,
    validity: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + validity)
    )


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _alternative_names(sans: Sequence[str]) -> x509.SubjectAlternativeName:
    names: list[x509.GeneralName] = []
    for san in sans:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(san)))
        except ValueError:
            names.append(x509.DNSName(san))
    return x509.SubjectAlternativeName(names)
