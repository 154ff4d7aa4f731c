"""Certificates as the agent protocol wants them (agent-protocol 1.3, 3.7)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from tests.wire.sessions import NOW, YEAR, Pki

from lakh.wire import certificates
from lakh.wire.certificates import CertificateError
from lakh.wire.errors import ProtocolError


def test_the_authority_is_as_cloudstack_makes_it(pki: Pki) -> None:
    for authority, signs_handshakes in ((pki.rsa_authority.certificate, False), (pki.authority.certificate, True)):
        assert authority.subject.rfc4514_string() == "CN=ca.cloudstack.apache.org"
        assert authority.issuer == authority.subject
        constraints = authority.extensions.get_extension_for_class(x509.BasicConstraints)
        assert (constraints.critical, constraints.value.ca) == (True, True)
        usage = authority.extensions.get_extension_for_class(x509.KeyUsage)
        assert (usage.critical, usage.value.key_cert_sign, usage.value.crl_sign) == (True, True, True)
        assert usage.value.digital_signature is signs_handshakes
        with pytest.raises(x509.ExtensionNotFound):
            authority.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        assert authority.not_valid_before_utc == NOW - timedelta(hours=12)


def test_an_agents_request_is_signed_with_its_names_and_ours(pki: Pki) -> None:
    key = certificates.new_p256_key()
    request = certificates.signing_request(key, name="kvm-0001", sans=["kvm-0001", "10.1.0.11"])
    for authority in (pki.authority, pki.rsa_authority):
        pem = certificates.issue(authority, request, sans=["10.1.0.11", "192.0.2.1"], now=NOW, validity=YEAR)
        issued = certificates.read_certificate(pem, certificates.key_pem(key)).certificate
        assert issued.subject.rfc4514_string() == "CN=kvm-0001"
        assert issued.not_valid_after_utc == NOW + YEAR
        der = x509.load_pem_x509_certificate(pem)
        issued.verify_directly_issued_by(authority.certificate)
        identifier = issued.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        own = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        assert identifier == own.digest
        for absent in (x509.KeyUsage, x509.ExtendedKeyUsage):
            with pytest.raises(x509.ExtensionNotFound):
                der.extensions.get_extension_for_class(absent)


def test_sans_are_merged_and_read_back(pki: Pki) -> None:
    key = certificates.new_p256_key()
    request = certificates.signing_request(key, name="a", sans=["kvm-0001", "10.1.0.11", "fd00::1"])
    pem = certificates.issue(pki.authority, request, sans=["10.1.0.11", "cloudstack.internal"], now=NOW, validity=YEAR)
    issued = certificates.read_certificate(pem, certificates.key_pem(key))
    der = x509.load_pem_x509_certificate(issued.certificate_pem()).public_bytes(certificates.serialization.Encoding.DER)
    assert certificates.certificate_sans(der) == ["cloudstack.internal", "kvm-0001", "10.1.0.11", "fd00::1"]


def test_certificates_and_keys_survive_a_file(pki: Pki) -> None:
    for made in (pki.authority, pki.rsa_authority):
        read = certificates.read_certificate(made.certificate_pem(), made.key_pem())
        assert read.certificate == made.certificate
        assert read.key.private_numbers() == made.key.private_numbers()


def test_what_cannot_be_used_is_said(pki: Pki) -> None:
    pem = pki.authority.certificate_pem()
    with pytest.raises(CertificateError, match="do not belong together"):
        certificates.read_certificate(pem, pki.rsa_authority.key_pem())
    with pytest.raises(CertificateError, match="cannot be read"):
        certificates.read_certificate(b"junk", pki.authority.key_pem())
    with pytest.raises(CertificateError, match="signing request cannot be read"):
        certificates.issue(pki.authority, pem, sans=[], now=NOW, validity=YEAR)
    with pytest.raises(CertificateError, match="cannot be read"):
        certificates.issued_by(b"junk")
    with pytest.raises(CertificateError, match="cannot be read"):
        certificates.certificate_sans(b"junk")


def test_a_forged_request_is_refused(pki: Pki) -> None:
    request = certificates.signing_request(certificates.new_p256_key(), name="kvm-0001", sans=[])
    der = bytearray(x509.load_pem_x509_csr(request).public_bytes(certificates.serialization.Encoding.DER))
    at = der.index(b"kvm-0001")
    der[at] = ord("K")
    forged = x509.load_der_x509_csr(bytes(der)).public_bytes(certificates.serialization.Encoding.PEM)
    with pytest.raises(CertificateError, match="not signed by its own key"):
        certificates.issue(pki.authority, forged, sans=[], now=NOW, validity=YEAR)


def test_who_is_trusted(pki: Pki) -> None:
    der = certificates.serialization.Encoding.DER
    check = certificates.issued_by(pki.authority.certificate_pem() + pki.rsa_authority.certificate_pem())
    for known in (pki.authority, pki.rsa_authority):
        check(known.certificate.public_bytes(der))
    stranger = certificates.new_authority(certificates.new_p256_key(), now=NOW)
    leaf = certificates.new_leaf(
        stranger, certificates.new_p256_key(), name="server", sans=[], now=NOW, validity=YEAR
    ).certificate
    for unknown in (stranger.certificate.public_bytes(der), leaf.public_bytes(der), b"junk", None):
        with pytest.raises(ProtocolError):
            check(unknown)
