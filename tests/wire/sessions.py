"""What the stories of the wire share: certificates on disk, and two ends of a session that shake hands."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from lakh.wire.certificates import Certificate
from lakh.wire.openssl import Identity, OpenSslError
from lakh.wire.tls import CertificateFiles, PeerCheck, TlsLink, TlsSide

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


class OtherSession:
    """A session of Python's own `ssl` and the system's OpenSSL: another client than ours."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._written = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._written)
        self.outgoing = b""

    def go_on(self, data: bytes) -> tuple[OtherSession, bytes] | None:
        self._incoming.write(data)
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLError as error:
            raise OpenSslError(str(error)) from None
        finally:
            self.outgoing += self._written.read()
        return self, self._incoming.read()

    def decrypt(self, frame: memoryview | bytes) -> bytes:
        self._incoming.write(frame)
        plain = b""
        while self._incoming.pending:
            plain += self._tls.read(16384)
        return plain

    def encrypt(self, plain: bytes | memoryview) -> bytes:
        self._tls.write(plain)
        return self._written.read()

    def end(self) -> None:
        with pytest.raises(ssl.SSLWantReadError):
            self._tls.unwrap()
        self.outgoing += self._written.read()

    def peer_certificate(self) -> bytes | None:
        return self._tls.getpeercert(binary_form=True)


class OtherContext:
    """Clients by Python's own `ssl`."""

    server_side = False

    def __init__(self, ciphers: str, lowest: ssl.TLSVersion, highest: ssl.TLSVersion, trusting: bool) -> None:
        self._context = context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.set_ciphers(ciphers)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE if trusting else ssl.CERT_REQUIRED
        context.minimum_version = lowest
        context.maximum_version = highest

    def handshake(self, identity: Identity | None = None) -> OtherSession:
        assert identity is None
        return OtherSession(self._context)


def raw_client(
    ciphers: str,
    *,
    version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
    lowest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
    check_peer: PeerCheck | None = None,
    trusting: bool = True,
) -> TlsSide:
    """A client that offers only `ciphers`, up to `version`. It knows no authority, and minds unless `trusting`."""
    return TlsSide(OtherContext(ciphers, lowest, version, trusting), check_peer=check_peer)
