"""Which agents get past the TLS handshake: the certificates that they must show, or need not.

While no certificate is asked for (ca.plugin.root.auth.strictness=false) handshakes go through the plain side, and
nobody here is asked: they cost nothing more. Otherwise OpenSSL checks the authority and the dates, and after it `judge`
checks what CloudStack's server does (agent-protocol 1.3): that the serial is not revoked, and that one of the
certificate's names is the address which the agent comes from. Who fails is closed before the server's Finished, which
to an agent is a handshake that failed: it tries again later, and its process lives on.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable

from lakh.bus.messages import CERTIFICATES_IGNORED, CERTIFICATES_REQUIRED, NO_CERTIFICATE, GatewaySettings
from lakh.gateway.session import Session
from lakh.wire.errors import HandshakeError
from lakh.wire.tls import PeerCertificate, TlsSide

Certified = Callable[[bool, bool], TlsSide]
"""Makes a server's side that asks for certificates: (required, allow_expired)."""


class Admission:
    """The rules in force, and the certificates of those who have not said Startup yet."""

    def __init__(self, plain: TlsSide, certified: Certified | None = None) -> None:
        self.tls = plain
        self.asks = False
        self._plain = plain
        self._certified = certified
        self._rules = (CERTIFICATES_IGNORED, True)
        self._revoked: set[str] = set()
        self._shown: dict[Session, PeerCertificate | None] = {}

    def configure(self, settings: GatewaySettings) -> None:
        """Takes new rules: for the handshakes that begin from now on. Raises OSError or ValueError for bad files."""
        rules = (settings.client_certificates, settings.allow_expired_certificates)
        if rules == self._rules:
            return
        mode, allow_expired = rules
        if mode == CERTIFICATES_IGNORED:
            self.tls = self._plain
        elif self._certified is None:
            raise ValueError("this gateway knows no authority of client certificates")
        else:
            self.tls = self._certified(mode == CERTIFICATES_REQUIRED, allow_expired)
        self.asks = mode != CERTIFICATES_IGNORED
        self._rules = rules

    def revoke(self, serials: Iterable[str]) -> None:
        """Certificates that count no more. Each is some operator's decision, so they stay few."""
        self._revoked.update(serials)

    def judge(self, session: Session) -> None:
        """A newcomer's handshake has ended. Raises HandshakeError for a certificate that does not do."""
        assert session.tls is not None
        certificate = session.tls.peer_facts()
        if certificate is not None:
            if certificate.serial in self._revoked:
                raise HandshakeError("the certificate is revoked", "certificate-revoked")
            if not _names(certificate, session.peer()):
                raise HandshakeError("the certificate names other addresses", "certificate-address")
        self._shown[session] = certificate

    def shown(self, session: Session) -> tuple[str, int]:
        """Serial and end (ms) of what the session's agent showed, for its first Startup; then they are forgotten."""
        if session not in self._shown:
            return "", 0
        certificate = self._shown.pop(session)
        return (certificate.serial, certificate.expires_ms) if certificate is not None else (NO_CERTIFICATE, 0)

    def forget(self, session: Session) -> None:
        self._shown.pop(session, None)


def _names(certificate: PeerCertificate, address: str) -> bool:
    if address in certificate.names:
        return True
    if ":" not in address:
        return False
    wanted = ipaddress.ip_address(address.partition("%")[0])
    return any(_address(name) == wanted for name in certificate.names if ":" in name)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip())
    except ValueError:
        return None
