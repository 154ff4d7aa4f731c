"""Certificates and sessions that the stories of the wire share; made once, they are slow to make."""

from __future__ import annotations

import pytest
from tests.wire.sessions import NOW, YEAR, Pki, shake_hands, write

from lakh.wire import certificates
from lakh.wire.certificates import Certificate
from lakh.wire.tls import CertificateFiles, TlsLink, TlsSide


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    folder = tmp_path_factory.mktemp("pki")
    authority = certificates.new_authority(certificates.new_p256_key(), now=NOW)
    rsa_authority = certificates.new_authority(certificates.new_rsa_key(), now=NOW)

    def leaf(name: str, issuer: Certificate, key: certificates.PrivateKey) -> CertificateFiles:
        made = certificates.new_leaf(issuer, key, name=name, sans=["127.0.0.1", name], now=NOW, validity=YEAR * 20)
        return write(folder, f"{name}-{type(key).__name__}", made)

    files = write(folder, "authority", authority)
    return Pki(
        authority,
        rsa_authority,
        files.certificate,
        leaf("server", authority, certificates.new_p256_key()),
        leaf("server", rsa_authority, certificates.new_rsa_key()),
        leaf("agent", authority, certificates.new_p256_key()),
        files,
        write(folder, "rsa-authority", rsa_authority),
    )


@pytest.fixture(scope="session")
def server_side(pki: Pki) -> TlsSide:
    return TlsSide.server([pki.server, pki.rsa_server])


@pytest.fixture(scope="session")
def client_side() -> TlsSide:
    return TlsSide.client()


@pytest.fixture
def pair(server_side: TlsSide, client_side: TlsSide) -> tuple[TlsLink, TlsLink]:
    """A server's and a client's end of one connected session."""
    server, client = TlsLink(server_side), TlsLink(client_side)
    shake_hands(server, client)
    return server, client
