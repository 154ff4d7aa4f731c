"""What the stories of the wire share: certificates on disk, and two ends of a session that shake hands."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from lakh.wire.certificates import Certificate
from lakh.wire.tls import CertificateFiles, TlsLink, TlsSide

NOW = datetime(2026, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)


class Pki(NamedTuple):
    """A P-256 and an RSA authority, each with a server's and an agent's leaf, on disk."""

    authority: Certificate
    rsa_authority: Certificate
    authority_file: Path
    server: CertificateFiles
    rsa_server: CertificateFiles
    agent: CertificateFiles
    authority_itself: CertificateFiles
    rsa_authority_itself: CertificateFiles


def write(folder: Path, name: str, certificate: Certificate) -> CertificateFiles:
    files = CertificateFiles(folder / f"{name}.pem", folder / f"{name}.key")
    files.certificate.write_bytes(certificate.certificate_pem())
    files.key.write_bytes(certificate.key_pem())
    return files


def shake_hands(server: TlsLink, client: TlsLink) -> None:
    """Carries handshake flights to and fro until both ends are done."""
    for _ in range(10):
        assert server.receive(client.outgoing()) == []
        assert client.receive(server.outgoing()) == []
        if server.handshake_done and client.handshake_done:
            return
    raise AssertionError("the handshake does not end")


def raw_client(ciphers: str, *, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2) -> TlsSide:
    """A client that offers only `ciphers`, up to `version`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.maximum_version = version
    context.set_ciphers(ciphers)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return TlsSide(context, server_side=False)
