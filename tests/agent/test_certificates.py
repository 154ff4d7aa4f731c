"""Certificates over the link: a request, an issued certificate, a new connection with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.agent.cloud import Cloud, must

from lakh.agent.host import Reconnect
from lakh.wire import certificates
from lakh.wire.message import CA

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_an_agent_gets_a_certificate_and_reconnects() -> None:
    host = Cloud().hosts[0]
    host.wishes.clear()
    asked = must(host, CA + "SetupKeyStoreCommand", validityDays=365, keystorePassword="x" * 16, handleByAgent=True)
    request = x509.load_pem_x509_csr(asked.body["csr"].encode())
    assert request.is_signature_valid
    assert request.subject.rfc4514_string() == "CN=kvm-000001"
    authority = certificates.new_authority(certificates.new_p256_key(), now=NOW)
    issued = certificates.issue(
        authority, asked.body["csr"].encode(), sans=["10.1.0.1"], now=NOW, validity=timedelta(days=365)
    )
    body = {"certificate": issued.decode(), "caCertificates": authority.certificate_pem().decode(), "privateKey": ""}
    must(host, CA + "SetupCertificateCommand", **body, handleByAgent=True)
    assert host.keystore is not None
    assert host.keystore.certificate == x509.load_pem_x509_certificate(issued).public_bytes(Encoding.DER)
    assert host.keystore.authority == body["caCertificates"]
    assert host.wishes == [Reconnect(5.0, reason="Restarting due to new X509 certificates")]


def test_a_system_vms_certificate_passes_through_its_host() -> None:
    host = Cloud().hosts[0]
    host.wishes.clear()
    answer = must(host, CA + "SetupCertificateCommand", certificate="any", privateKey="any", handleByAgent=False)
    assert answer.java_class == CA + "SetupCertificateAnswer"
    assert (host.keystore, host.wishes) == (None, [])
