"""TLS 1.2 sessions of the agent protocol, without sockets (agent-protocol 1.2, 1.4).

A clear word stands before each TLS record, so no library that owns the socket can speak this protocol: the caller moves
bytes, a TlsLink turns them into messages. Why TLS 1.2 and nothing newer: a TLS 1.3 server sends session tickets after
the handshake as bare records, and a framed reader takes those for link words.

Memory is what 100,000 sessions are about: OpenSSL makes the handshake (`wire/openssl.py`), then two keys and two
counters are all that is kept of it (`wire/records.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from cryptography import x509

from lakh.base.limits import HANDSHAKE_BYTES, MESSAGE_BYTES, TLS_PLAINTEXT_BYTES
from lakh.wire.errors import HandshakeError, ProtocolError
from lakh.wire.link import LinkReader, link_word
from lakh.wire.openssl import ALERT_REASONS, Context, Identity, OpenSslError

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
# reasons of OpenSSL (sslerr.h) and alerts of TLS (RFC 8446, 6) by what is counted
_VERSION_REASONS: Final = frozenset({258, 266, 267, ALERT_REASONS + 70})
_DISTRUST_REASONS: Final = frozenset({ALERT_REASONS + 42, ALERT_REASONS + 46, ALERT_REASONS + 48})
_NO_CERTIFICATE_REASON: Final = 199
_BAD_CERTIFICATE_REASON: Final = 134
_VERIFY_KINDS: Final = {9: "certificate-not-yet-valid", 10: "certificate-expired"}  # OpenSSL's X509_V_ERR codes

PeerCheck = Callable[[bytes | None], None]
"""Judges the peer's certificate (DER, None without one) when a handshake ends; raises ProtocolError to refuse it."""


class CertificateFiles(NamedTuple):
    """PEM files of a certificate (followed by its chain, if any) and of its private key."""

    certificate: Path
    key: Path


class PeerCertificate(NamedTuple):
    """A verified certificate: its serial as `serial_text` writes it, its SANs as texts, when it ends."""

    serial: str
    names: tuple[str, ...]
    expires_ms: int


def serial_text(serial: int) -> str:
    """A serial number as it is stored and told: hexadecimal, lower case, without leading zeros."""
    return f"{serial:x}"


def sans_of(extensions: x509.Extensions) -> list[str]:
    """Host names, then addresses, that a certificate or a signing request names. Raises ValueError."""
    try:
        value = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*value.get_values_for_type(x509.DNSName), *map(str, value.get_values_for_type(x509.IPAddress))]


class ClientRules(NamedTuple):
    """Which clients a server takes: those with a certificate of one of `authorities` (PEM files).

    One that shows none is taken where none is `required`; one that shows a bad one never is. Dates of certificates
    count unless `allow_expired` (ca.plugin.root.allow.expired.cert).
    """

    authorities: tuple[Path, ...]
    required: bool = True
    allow_expired: bool = False


class RecordLayer(Protocol):
    """What a TlsLink needs of a session after its handshake, as `records.Records` has it."""

    outgoing: bytes

    def encrypt(self, plain: bytes | memoryview) -> bytes: ...
    def decrypt(self, frame: memoryview | bytes) -> bytes: ...
    def end(self) -> None: ...


class HandshakeUnderWay(Protocol):
    """What a TlsLink needs of a session until then, as `openssl.Handshake` has it."""

    outgoing: bytes

    def go_on(self, data: bytes) -> tuple[RecordLayer, bytes] | None: ...
    def peer_certificate(self) -> bytes | None: ...


class TlsContext(Protocol):
    """Makes the sessions of a side."""

    @property
    def server_side(self) -> bool: ...
    def handshake(self, identity: Identity | None = None) -> HandshakeUnderWay: ...


class TlsSide:
    """What all sessions of one process and role share. Use it from one thread."""

    __slots__ = ("check_peer", "context")

    def __init__(self, context: TlsContext, *, check_peer: PeerCheck | None = None) -> None:
        self.context = context
        self.check_peer = check_peer

    @classmethod
    def server(
        cls,
        certificates: Sequence[CertificateFiles],
        *,
        clients: ClientRules | None = None,
        check_peer: PeerCheck | None = None,
    ) -> TlsSide:
        """A server's side, presenting the first of `certificates` whose key the client can use.

        Give a P-256 and an RSA one: a client that knows only RSA gets RSA. Without `clients` no certificate is asked
        for. Raises OSError or OpenSslError for files that cannot be used.
        """
        context = Context(server_side=True, ciphers=CIPHERS)
        for files in certificates:
            context.load(files.certificate, files.key)
        if clients is not None:
            context.ask_clients(clients.authorities, required=clients.required, allow_expired=clients.allow_expired)
        return cls(context, check_peer=check_peer)

    @classmethod
    def client(cls, *, certificate: CertificateFiles | None = None, check_peer: PeerCheck | None = None) -> TlsSide:
        """A client's side. Without `check_peer` it trusts any server, as an agent without a keystore does.

        OpenSSL's own verification cannot be used: a management server presents its authority's certificate itself,
        which OpenSSL refuses as a server's (agent-protocol 1.3). `certificates.issued_by` gives a check that fits.
        """
        context = Context(server_side=False, ciphers=CIPHERS)
        if certificate is not None:
            context.load(certificate.certificate, certificate.key)
        return cls(context, check_peer=check_peer)


def _kind(error: OpenSslError) -> str:
    if error.reason == _BAD_CERTIFICATE_REASON:
        return _VERIFY_KINDS.get(error.verify_code, "certificate-foreign")
    if error.reason == _NO_CERTIFICATE_REASON:
        return "certificate-missing"
    if error.reason in _VERSION_REASONS:
        return "tls-version"
    return "untrusted" if error.reason in _DISTRUST_REASONS else "tls"


class TlsLink:
    """One TLS session and its framing: bytes of the connection in, whole messages out, and back.

    After any ProtocolError send what `outgoing` still gives (the alert that tells the peer why) and drop the session.
    """

    __slots__ = (
        "_failure",
        "_handshake",
        "_handshake_bytes",
        "_message",
        "_peer",
        "_reader",
        "_records",
        "_side",
        "message_limit_bytes",
    )

    def __init__(
        self, side: TlsSide, *, identity: Identity | None = None, message_limit_bytes: int = MESSAGE_BYTES
    ) -> None:
        """`identity`: what this end shows instead of what its side shows. `message_limit_bytes` may be changed later,
        such as when a peer has proven who it is."""
        self._side = side
        self._handshake: HandshakeUnderWay | None = side.context.handshake(identity)
        self._records: RecordLayer | None = None
        self._reader = LinkReader()
        self._message: bytearray | None = None
        self._peer: bytes | None = None
        self._failure: ProtocolError | None = None
        self._handshake_bytes = 0
        self.message_limit_bytes = message_limit_bytes
        if not side.context.server_side:
            self._shake_hands(b"")

    @property
    def handshake_done(self) -> bool:
        return self._records is not None

    def outgoing(self) -> bytes:
        """Bytes that TLS itself wants sent: handshake flights and alerts. Ask after each `receive`, also a failed one.

        A new client session starts with some.
        """
        tls = self._records or self._handshake
        assert tls is not None
        data, tls.outgoing = tls.outgoing, b""
        return data

    def receive(self, data: bytes) -> list[bytes]:
        """The messages (plaintext, header first) that `data` completes. Raises ProtocolError, then at every call.

        Messages in front of what is wrong are still returned, and the error raised by the next call: an agent that says
        Shutdown and closes must be heard.
        """
        if self._failure is not None:
            raise type(self._failure)(*self._failure.args)  # a new one: a stored traceback would keep the session alive
        messages: list[bytes] = []
        try:
            if self._records is None:
                data = self._shake_hands(data)
            for frame, more in self._reader.feed(data):
                self._assemble(self._decrypt(frame), more, messages)
        except ProtocolError as error:
            self._failure = type(error)(*error.args)
            if not messages:
                raise
        return messages

    def send(self, message: bytes) -> bytes:
        """The bytes to put on the connection for one message: a frame for each 16 KiB."""
        records = self._records
        if records is None:
            raise ProtocolError("a message cannot be sent before the TLS handshake has ended")
        length = len(message)
        if not 0 < length <= MESSAGE_BYTES:
            raise ProtocolError(f"message of {length} bytes: from 1 to {MESSAGE_BYTES}")
        if length <= TLS_PLAINTEXT_BYTES:
            record = records.encrypt(message)
            return link_word(len(record)) + record
        parts: list[bytes] = []
        view = memoryview(message)
        for start in range(0, length, TLS_PLAINTEXT_BYTES):
            record = records.encrypt(view[start : start + TLS_PLAINTEXT_BYTES])
            parts += (link_word(len(record), more=start + TLS_PLAINTEXT_BYTES < length), record)
        return b"".join(parts)

    def end(self) -> None:
        """Says close_notify; `outgoing` gives it."""
        if self._records is not None:
            self._records.end()

    def peer_facts(self) -> PeerCertificate | None:
        """What a client's certificate says; None when it sent none. To be asked once. Raises HandshakeError."""
        der, self._peer = self._peer, None
        if der is None:
            return None
        try:
            certificate = x509.load_der_x509_certificate(der)
            names = tuple(sans_of(certificate.extensions))
            expires_ms = int(certificate.not_valid_after_utc.timestamp() * 1000)
            return PeerCertificate(serial_text(certificate.serial_number), names, expires_ms)
        except ValueError as error:
            raise HandshakeError(f"the peer's certificate cannot be read: {error}", "certificate-foreign") from None

    def _assemble(self, plain: bytes, more: bool, messages: list[bytes]) -> None:
        if self._message is None and not more:
            self._check_length(len(plain))
            messages.append(plain)
            return
        if self._message is None:
            self._message = bytearray()
        self._check_length(len(self._message) + len(plain))
        self._message += plain
        if not more:
            messages.append(bytes(self._message))
            self._message = None

    def _check_length(self, length: int) -> None:
        if length > self.message_limit_bytes:
            raise ProtocolError(f"message of more than {self.message_limit_bytes} bytes")

    def _shake_hands(self, data: bytes) -> bytes:
        """Goes on with the handshake; returns the bytes behind its end, which already belong to link frames."""
        side, handshake = self._side, self._handshake
        assert handshake is not None
        self._handshake_bytes += len(data)
        if self._handshake_bytes > HANDSHAKE_BYTES:
            raise ProtocolError(f"TLS handshake of more than {HANDSHAKE_BYTES} bytes")
        try:
            done = handshake.go_on(data)
        except OpenSslError as error:
            raise HandshakeError(f"TLS handshake: {error}", _kind(error)) from None
        if done is None:
            return b""
        peer = handshake.peer_certificate()
        if side.check_peer is not None:
            side.check_peer(peer)
        if side.context.server_side:
            self._peer = peer
        records, rest = done
        records.outgoing = handshake.outgoing
        self._records, self._handshake = records, None
        return rest

    def _decrypt(self, frame: memoryview) -> bytes:
        """The plaintext of one frame's records; empty records give nothing."""
        assert self._records is not None
        return self._records.decrypt(frame)
