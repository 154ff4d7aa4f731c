"""What can be wrong with bytes from a peer. Nothing else may escape from decoding, however hostile the bytes."""

from __future__ import annotations

from lakh.base.errors import LakhError


class ProtocolError(LakhError):
    """The peer broke the agent protocol. The connection cannot be used any more and must be dropped."""


class PeerClosedError(ProtocolError):
    """The peer ended its TLS session in order, by a close_notify alert."""


class HandshakeError(ProtocolError):
    """A TLS handshake failed. `kind` is what is counted:

    tls-version (the peer speaks none that is spoken here), untrusted (the peer does not trust us), of its certificate
    certificate-missing, certificate-expired, certificate-not-yet-valid, certificate-foreign (another authority's),
    certificate-revoked, certificate-address (it names other addresses than the peer's), or tls for all else.
    """

    def __init__(self, text: str, kind: str = "tls") -> None:
        super().__init__(text, kind)
        self.text = text
        self.kind = kind

    def __str__(self) -> str:
        return self.text
