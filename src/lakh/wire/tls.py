"""TLS 1.2 sessions of the agent protocol, without sockets (agent-protocol 1.2, 1.4).

A clear word stands before each TLS record, so no library that owns the socket can speak this protocol: the caller moves
bytes, a TlsLink turns them into messages. Why TLS 1.2 and nothing newer: a TLS 1.3 server sends session tickets after
the handshake as bare records, and a framed reader takes those for link words.

Memory is what 100,000 sessions are about. OpenSSL reads from and writes to memory buffers that grow to the largest
record ever seen and never shrink. Here all sessions of one TlsSide share two of them: they hold bytes only inside one
call (a whole frame goes in and comes out decrypted; OpenSSL itself keeps a half-received handshake record), so sharing
costs nothing as long as one thread uses a side, and every call leaves both buffers empty.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from lakh.base.limits import HANDSHAKE_BYTES, MESSAGE_BYTES, TLS_PLAINTEXT_BYTES
from lakh.wire.errors import HandshakeError, PeerClosedError, ProtocolError
from lakh.wire.link import LinkReader, count_records, link_word

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
_NO_CHECK_TIME: Final = ssl.VerifyFlags(0x200000)  # X509_V_FLAG_NO_CHECK_TIME, which the module has no name for
_VERSION_REASONS: Final = frozenset(
    {"UNSUPPORTED_PROTOCOL", "WRONG_VERSION_NUMBER", "TLSV1_ALERT_PROTOCOL_VERSION", "WRONG_SSL_VERSION"}
)
_DISTRUST_REASONS: Final = frozenset(
    {"TLSV1_ALERT_UNKNOWN_CA", "SSLV3_ALERT_BAD_CERTIFICATE", "SSLV3_ALERT_CERTIFICATE_UNKNOWN"}
)
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


class ClientRules(NamedTuple):
    """Which clients a server takes: those with a certificate of one of `authorities` (PEM files).

    One that shows none is taken where none is `required`; one that shows a bad one never is. Dates of certificates
    count unless `allow_expired` (ca.plugin.root.allow.expired.cert).
    """

    authorities: tuple[Path, ...]
    required: bool = True
    allow_expired: bool = False


class TlsSide:
    """What all sessions of one process and role share. Use it from one thread."""

    __slots__ = ("check_peer", "context", "incoming", "outgoing", "server_side")

    def __init__(self, context: ssl.SSLContext, *, server_side: bool, check_peer: PeerCheck | None = None) -> None:
        self.context = context
        self.server_side = server_side
        self.check_peer = check_peer
        self.incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()

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
        for. Raises OSError or ssl.SSLError for files that cannot be used.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _restrict(context)
        context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_NO_TICKET
        for files in certificates:
            context.load_cert_chain(files.certificate, files.key)
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED if clients.required else ssl.CERT_OPTIONAL
            for authority in clients.authorities:
                context.load_verify_locations(authority)
            if clients.allow_expired:
                context.verify_flags |= _NO_CHECK_TIME
        return cls(context, server_side=True, check_peer=check_peer)

    @classmethod
    def client(cls, *, certificate: CertificateFiles | None = None, check_peer: PeerCheck | None = None) -> TlsSide:
        """A client's side. Without `check_peer` it trusts any server, as an agent without a keystore does.

        OpenSSL's own verification cannot be used: a management server presents its authority's certificate itself,
        which OpenSSL refuses as a server's (agent-protocol 1.3). `certificates.issued_by` gives a check that fits.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        _restrict(context)
        context.options |= ssl.OP_NO_TICKET
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if certificate is not None:
            context.load_cert_chain(certificate.certificate, certificate.key)
        return cls(context, server_side=False, check_peer=check_peer)

    def empty(self) -> bytes:
        """Drops what was not read, returns what was written and not taken."""
        if self.incoming.pending:
            self.incoming.read()
        return self.outgoing.read() if self.outgoing.pending else b""


def _restrict(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION


def _kind(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFY_KINDS.get(error.verify_code, "certificate-foreign")
    if error.reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
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
        "_handshake_bytes",
        "_message",
        "_outgoing",
        "_reader",
        "_side",
        "_tls",
        "handshake_done",
        "message_limit_bytes",
    )

    def __init__(self, side: TlsSide, *, message_limit_bytes: int = MESSAGE_BYTES) -> None:
        """`message_limit_bytes` may be changed later, such as when a peer has proven who it is."""
        self._side = side
        self._tls = side.context.wrap_bio(side.incoming, side.outgoing, server_side=side.server_side)
        self._reader = LinkReader()
        self._message: bytearray | None = None
        self._outgoing = b""
        self._failure: ProtocolError | None = None
        self._handshake_bytes = 0
        self.handshake_done = False
        self.message_limit_bytes = message_limit_bytes
        if not side.server_side:
            self._shake_hands(b"")

    def outgoing(self) -> bytes:
        """Bytes that TLS itself wants sent: handshake flights and alerts. Ask after each `receive`, also a failed one.

        A new client session starts with some.
        """
        data, self._outgoing = self._outgoing, b""
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
            if not self.handshake_done:
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
        if not self.handshake_done:
            raise ProtocolError("a message cannot be sent before the TLS handshake has ended")
        length = len(message)
        if not 0 < length <= MESSAGE_BYTES:
            raise ProtocolError(f"message of {length} bytes: from 1 to {MESSAGE_BYTES}")
        tls, outgoing = self._tls, self._side.outgoing
        try:
            if length <= TLS_PLAINTEXT_BYTES:
                tls.write(message)
                record = outgoing.read()
                return link_word(len(record)) + record
            parts: list[bytes] = []
            view = memoryview(message)
            for start in range(0, length, TLS_PLAINTEXT_BYTES):
                tls.write(view[start : start + TLS_PLAINTEXT_BYTES])
                record = outgoing.read()
                parts += (link_word(len(record), more=start + TLS_PLAINTEXT_BYTES < length), record)
            return b"".join(parts)
        except ssl.SSLError as error:
            self._side.empty()
            raise ProtocolError(f"TLS: {error.reason or error}") from None

    def peer_certificate(self) -> bytes | None:
        """The peer's certificate, DER, None when it sent none."""
        return self._tls.getpeercert(binary_form=True)

    def peer_facts(self) -> PeerCertificate | None:
        """What the peer's verified certificate says; None when it sent none. Raises HandshakeError.

        Only where the side has ClientRules: without them OpenSSL verifies nothing and tells nothing.
        """
        try:
            facts: Mapping[str, Any] | None = self._tls.getpeercert()
        except (ssl.SSLError, ValueError) as error:
            raise HandshakeError(f"the peer's certificate cannot be read: {error}", "certificate-foreign") from None
        if not facts:
            return None
        names = tuple([str(value) for _, value in facts.get("subjectAltName", ())])
        expires = ssl.cert_time_to_seconds(facts["notAfter"]) * 1000
        return PeerCertificate(serial_text(int(facts["serialNumber"], 16)), names, expires)

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
        side = self._side
        self._handshake_bytes += len(data)
        if self._handshake_bytes > HANDSHAKE_BYTES:
            raise ProtocolError(f"TLS handshake of more than {HANDSHAKE_BYTES} bytes")
        side.incoming.write(data)
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._outgoing += side.empty()
            return b""
        except ssl.SSLError as error:
            self._outgoing += side.empty()
            raise HandshakeError(f"TLS handshake: {error.reason or error}", _kind(error)) from None
        rest = side.incoming.read()
        self._outgoing += side.empty()
        self._handshake_bytes = 0
        if side.check_peer is not None:
            side.check_peer(self.peer_certificate())
        self.handshake_done = True
        return rest

    def _decrypt(self, frame: memoryview) -> bytes:
        """The plaintext of one frame's records; empty records give nothing."""
        records = count_records(frame)
        side, tls = self._side, self._tls
        side.incoming.write(frame)
        plain = b""
        try:
            for _ in range(records):
                piece = tls.read(len(frame))
                if not piece:
                    raise PeerClosedError("the peer closed its TLS session")
                plain = plain + piece if plain else piece
        except ssl.SSLWantReadError:  # the last records held no data
            pass
        except ssl.SSLError as error:
            raise ProtocolError(f"TLS: {error.reason or error}") from None
        finally:
            if side.incoming.pending or side.outgoing.pending:
                self._outgoing += side.empty()
        return plain
